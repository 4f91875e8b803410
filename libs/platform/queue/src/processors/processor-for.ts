import { SetMetadata } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { QueueDefinition } from '../queue-definition.js';

export const PROCESSOR_FOR = Symbol('PROCESSOR_FOR');

export interface JobContext {
  /** The same at every delivery of this message; what an inbox recognises it by. */
  messageId: string;
  /** 1 at the first try. */
  attempt: number;
  /**
   * Aborted when the handler should stop: over its soft limit (`SoftLimitError`), the process stops
   * (`ShuttingDownError`), or the job is no longer this process's (`LockLostError`). What the handler rejects with then
   * hands the job back, except for the soft limit, where it fails like any other.
   */
  signal: AbortSignal;
  /** To be called right before an effect that no transaction guards. @throws when the job is no longer this process's */
  throwIfRevoked(): void;
  /** Shown to operators: a number or anything small that is JSON. */
  progress(value: number | object): Promise<void>;
}

/** What a handler gets that runs in the inbox's transaction: all it does goes through `manager`. */
export interface TransactionalJobContext extends JobContext {
  manager: EntityManager;
}

/** A class marked with `@ProcessorFor(queue)` handles that queue's jobs. It may see a message more than once. */
export interface JobProcessor<P extends object = object> {
  /** Resolves when the effect is there. Rejects to be tried again; with `UnrecoverableJobError` not to be. */
  handle(payload: P, context: JobContext): Promise<void>;
}

/** A class marked with `@ProcessorFor(queue, { inbox })`: the effect happens once, however often it is delivered. */
export interface TransactionalJobProcessor<P extends object = object, R = unknown> {
  /**
   * Runs in one transaction with the record that this consumer has processed the message, and again when that lost a
   * deadlock.
   */
  handle(payload: P, context: TransactionalJobContext): Promise<R>;
  /**
   * After the commit, and at every later delivery, for what must follow and is idempotent by itself. Until it has
   * resolved once the message is not done: a crash before that delivers it again, and a failure is tried again and ends
   * as a dead letter, whose redrive runs this alone.
   * @param result what `handle` gave, or `undefined` when the effect had happened before
   */
  committed?(payload: P, result: R | undefined): Promise<void>;
}

/** One job of a group. */
export interface GroupedJob<P extends object = object> {
  readonly messageId: string;
  readonly payload: P;
  readonly context: JobContext;
  /** Of this job, for the messages that follow from it: a transaction that many share has no trace of its own. */
  readonly trace: string | undefined;
}

/** A job whose effect is committed. `result`: what `handleTogether` gave, or `undefined` when it had happened before. */
export interface CommittedJob<P extends object = object, R = unknown> {
  readonly payload: P;
  readonly result: R | undefined;
}

/**
 * A class marked with `@ProcessorFor(queue, { inbox, together })`: jobs that come while others are in their transaction
 * share the next one. Each effect happens once, and a job never meets the fault of another one: when a transaction fails
 * for what is in it, it is run again in halves, until the job at fault is alone.
 */
export interface GroupedJobProcessor<P extends object = object, R = unknown> {
  /**
   * Runs in one transaction with the records that this consumer has processed the messages; again, or for fewer jobs,
   * when that failed: no effect outside the transaction. It locks rows in one order, whatever the order of the jobs.
   * @returns a result for each job, in their order
   */
  handleTogether(jobs: readonly GroupedJob<P>[], manager: EntityManager): Promise<readonly R[]>;
  /** As that of `TransactionalJobProcessor`, for the jobs of a transaction, and for fewer of them when it failed. */
  committed?(jobs: readonly CommittedJob<P, R>[]): Promise<void>;
}

/** How jobs are put together. */
export interface Together {
  /** Of a transaction. Default 64, and never more than the queue's `concurrency`. */
  readonly mostJobs?: number;
  /** How much of a transaction a job takes, e.g. the rows that its payload names. Default 1. */
  readonly weightOf?: (payload: never) => number;
  /** Of a transaction; a job that is heavier has one to itself. Default 2,000. */
  readonly mostWeight?: number;
  /** Transactions under way at once in this process. Default 2. */
  readonly inFlight?: number;
}

/** What an application wants around each of its jobs, such as a context of the job's own. */
export interface AroundJob {
  /** Runs `work`, the processor's `handle`, once, and settles as it does. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface ProcessorOptions {
  /** Run `handle` in the inbox's transaction, as this consumer. Never change it: it is half of the record's key. */
  readonly inbox?: string;
  /** Let jobs share transactions, by `handleTogether`. Needs an inbox. */
  readonly together?: Together;
}

export interface ProcessorMark extends ProcessorOptions {
  readonly definition: QueueDefinition;
}

/*
 * The shapes that the decorator asks a class for: functions, whose parameters the compiler compares strictly, where it
 * would let a method of an interface ask for more than it is given.
 */
interface Handles<P> {
  handle: (payload: P, context: JobContext) => Promise<unknown>;
}

interface HandlesInTransaction<P> {
  handle: (payload: P, context: TransactionalJobContext) => Promise<unknown>;
  committed?: (payload: P, result: never) => Promise<void>;
}

interface HandlesTogether<P extends object> {
  handleTogether: (jobs: readonly GroupedJob<P>[], manager: EntityManager) => Promise<readonly unknown[]>;
  committed?: (jobs: readonly CommittedJob<P, never>[]) => Promise<void>;
}

type Mark<T> = (target: new (...dependencies: never[]) => T) => void;

/** Marks the class whose `handle` runs the jobs of `queue`, with the payload of its schema. */
export function ProcessorFor<P extends object>(queue: QueueDefinition<P>): Mark<Handles<P>>;
/** The same in the inbox's transaction. */
export function ProcessorFor<P extends object>(
  queue: QueueDefinition<P>,
  options: { readonly inbox: string },
): Mark<HandlesInTransaction<P>>;
/** The same for many jobs at a time. */
export function ProcessorFor<P extends object>(
  queue: QueueDefinition<P>,
  options: Required<ProcessorOptions>,
): Mark<HandlesTogether<P>>;
export function ProcessorFor(definition: QueueDefinition, options: ProcessorOptions = {}): Mark<object> {
  return SetMetadata(PROCESSOR_FOR, { definition, ...options } satisfies ProcessorMark);
}
