import { AsyncLocalStorage } from 'node:async_hooks';

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
