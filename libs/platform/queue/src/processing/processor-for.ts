import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { QueueDefinition } from '../queue.definition.js';

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

/** A class marked with `@ProcessorFor(queue)` handles that queue's jobs. It may see a message more than once. */
export interface JobProcessor<P extends object = object> {
  /** Resolves when the effect is there. Rejects to be tried again; with `UnrecoverableJobError` not to be. */
  handle(payload: P, context: JobContext): Promise<void>;
}

/** A class marked with `@ProcessorFor(queue, { inbox })`: the effect happens once, however often it is delivered. */
export interface TransactionalJobProcessor<P extends object = object, R = unknown> {
  /**
   * Runs in one transaction with the record that this consumer has processed the message, and again when that lost a
   * deadlock: all it does goes through `manager`.
   */
  handle(payload: P, context: JobContext & { manager: EntityManager }): Promise<R>;
  /**
   * After the commit, and at every later delivery, for what must follow and is idempotent by itself. Until it has
   * resolved once the message is not done: a crash before that delivers it again, and a failure is tried again and ends
   * as a dead letter, whose redrive runs this alone.
   * @param result what `handle` gave, or `undefined` when the effect had happened before
   */
  committed?(payload: P, result: R | undefined): Promise<void>;
}

export interface ProcessorOptions {
  /** Run `handle` in the inbox's transaction, as this consumer. Never change it: it is half of the record's key. */
  readonly inbox?: string;
}

export interface ProcessorMark extends ProcessorOptions {
  readonly definition: QueueDefinition;
}

export const ProcessorFor = (
  definition: QueueDefinition<never> | QueueDefinition,
  options: ProcessorOptions = {},
): CustomDecorator<symbol> => SetMetadata(PROCESSOR_FOR, { definition, ...options });
