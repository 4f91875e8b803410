import { inspect } from 'node:util';
import type { DeadReason } from './dead-reason.js';

/** An error that has the name of its class. */
class JobError extends Error {
  override readonly name = this.constructor.name;
}

/** Thrown by a handler that knows that trying again is no use: its job is dead at once, with reason `unrecoverable`. */
export class UnrecoverableJobError extends JobError {}

/**
 * Thrown by a handler whose job has to wait, for its turn under a limit say: the job comes back after `delayMs`. No attempt
 * is spent and nothing is logged, however often that happens.
 */
export class PostponedJobError extends JobError {
  constructor(
    message: string,
    readonly delayMs: number,
  ) {
    super(message);
  }
}

/** What is on the queue is not what its definition says. Dead at once, with reason `invalid-payload`. */
export class InvalidPayloadError extends JobError {}

/** Over the hard limit. Dead at once, with reason `timeout`. */
export class HardLimitError extends JobError {
  constructor(queue: string, limitMs: number) {
    super(`The job was stopped at the hard limit of queue ${queue}, ${limitMs} ms`);
  }
}

/** The reason of the abort at the soft limit: finish or give up now, before the hard limit stops the job. */
export class SoftLimitError extends JobError {
  constructor(queue: string, limitMs: number) {
    super(`The job is over the soft limit of queue ${queue}, ${limitMs} ms`);
  }
}

/** The job's lock has run out or is another worker's, which may be running the job by now. */
export class LockLostError extends JobError {
  constructor(messageId: string) {
    super(`The lock of the job of message ${messageId} is lost; another worker may have it`);
  }
}

/** The process stops, and the job's time to finish is over. */
export class ShuttingDownError extends JobError {
  constructor() {
    super('The worker is shutting down; the job goes back to its queue');
  }
}

/** No child process could take the job: an attempt that failed, and not the job's doing. */
export class ChildUnavailableError extends JobError {}

/** The child process that ran the job ended under it: an attempt that failed, and the last of them `stalled`. */
export class ChildDiedError extends JobError {}

/** Of one error: Bull keeps the stack of each attempt in the job. */
const MAX_CHARACTERS = 8_000;

/**
 * What was thrown, as an Error with a text. Bull reads `message` of what it catches, and loses the job when there is
 * none; and a text without end would fill Redis with each attempt.
 */
export function asError(thrown: unknown): Error {
  if (!(thrown instanceof Error) || typeof thrown.message !== 'string')
    return new Error(cut(typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 2 })), {
      cause: thrown,
    });
  const { message, stack } = thrown;
  if (message.length <= MAX_CHARACTERS && (stack?.length ?? 0) <= MAX_CHARACTERS) return thrown;
  const shortened = new Error(cut(message), { cause: thrown });
  shortened.name = thrown.name;
  if (stack !== undefined) shortened.stack = cut(stack);
  return shortened;
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS
    ? `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)`
    : text;
}

const deadAtOnce: readonly [new (...args: never[]) => Error, DeadReason][] = [
  [UnrecoverableJobError, 'unrecoverable'],
  [InvalidPayloadError, 'invalid-payload'],
  [HardLimitError, 'timeout'],
];

/**
 * Whether a failed attempt was the last, and why.
 * @param attempt from 1
 * @returns `undefined` when the job is tried again
 */
export function deadReasonOf(error: Error, attempt: number, attempts: number): DeadReason | undefined {
  for (const [type, reason] of deadAtOnce) if (error instanceof type) return reason;
  if (attempt < attempts) return undefined;
  // A job that ends its child may end the next one too: as one that ends its worker, it is not redriven automatically.
  return error instanceof ChildDiedError ? 'stalled' : 'attempts';
}
