import { AsyncLocalStorage } from 'node:async_hooks';
import type { TimeBudget } from '@fourfold/kernel';

/**
 * The request that the running code works for, as Fastify has it. What a library keeps for a request, it keeps under a
 * symbol of its own in this object: so each request has one asynchronous context and not one for each library.
 */
export interface RunningRequest {
  readonly id: string;
  readonly method: string;
  /** With its query. */
  readonly url: string;
}

const running = new AsyncLocalStorage<RunningRequest | undefined>();

export function currentRequest(): RunningRequest | undefined {
  return running.getStore();
}

/** Runs `work`, and what follows from it, for `request`. */
export function runForRequest<T>(request: RunningRequest, work: () => T): T {
  return running.getStore() === request ? work() : running.run(request, work);
}

/** Runs `work` as part of no request: what it begins may go on for longer than the one that happens to run. */
export function runForNoRequest<T>(work: () => T): T {
  return running.run(undefined, work);
}

const BUDGET = Symbol('time budget');
type Budgeted = object & { [BUDGET]?: TimeBudget };

/** In place of the request's. */
const budgets = new AsyncLocalStorage<{ readonly budget: TimeBudget | undefined }>();

/** The time that is left for what the running code works for; undefined where nothing limits it, as for a job. */
export function currentBudget(): TimeBudget | undefined {
  const given = budgets.getStore();
  return given ? given.budget : budgetOf(running.getStore());
}

function budgetOf(request: Budgeted | undefined): TimeBudget | undefined {
  return request?.[BUDGET];
}

export function giveBudget(request: Budgeted, budget: TimeBudget): void {
  request[BUDGET] = budget;
}

/**
 * Runs `work` with another budget than its request's.
 * @param budget undefined: none, for what has to be done whether or not its caller still waits
 */
export function runWithin<T>(budget: TimeBudget | undefined, work: () => T): T {
  return budgets.run({ budget }, work);
}
