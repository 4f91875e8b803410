import { appError } from '@fourfold/kernel';

/** The main cluster's primary, as a dependency: its probe is `DbNodeHealthIndicator.takesWrites`. */
export const MAIN_DATABASE = 'database';

interface Blame {
  cause?: unknown;
  /** What has to be well again before another try makes sense. */
  dependency?: string | undefined;
}

/** Every connection of a node's pool is taken and its queue is full, or none came free within the deadline. */
export class PoolExhaustedError extends appError(
  'database-busy',
  503,
  'The database has no connection free',
) {
  /** @param waitedMs undefined when the line was full, so that the caller did not wait at all */
  constructor(node: string, waitedMs?: number, { cause, dependency = MAIN_DATABASE }: Blame = {}) {
    const what =
      waitedMs === undefined
        ? `Every connection to ${node} is in use, and as many callers wait for one as may`
        : `No connection to ${node} came free within ${Math.round(waitedMs)} ms`;
    super(`${what}; try again in a moment`, { cause, retryAfterSeconds: 1, dependency });
  }
}

/** A database server did not answer. Nothing was written, or the writer could not tell: retry with the same key. */
export class DatabaseUnavailableError extends appError(
  'database-unavailable',
  503,
  'A database does not answer',
) {
  constructor(cause: unknown, dependency: string = MAIN_DATABASE) {
    super('The database does not answer; try again in a moment', { cause, retryAfterSeconds: 2, dependency });
  }
}

/** A statement ran for longer than it may and was given up; whether it took effect is not known. */
export class QueryTimeoutError extends appError('database-timeout', 503, 'A database query took too long') {
  /** @param timeoutMs undefined when it was the server that gave up */
  constructor(node: string, timeoutMs?: number, { cause, dependency = MAIN_DATABASE }: Blame = {}) {
    const limit = timeoutMs === undefined ? 'in time' : `within ${Math.round(timeoutMs)} ms`;
    super(`A query on ${node} did not end ${limit} and was given up; try again with the same key`, {
      cause,
      retryAfterSeconds: 2,
      dependency,
    });
  }
}

/** Another transaction held a lock for too long, or won every time: nothing was written. */
export class DatabaseContendedError extends appError(
  'database-contended',
  503,
  'Others are changing the same data',
) {
  constructor(cause: unknown) {
    super('Others are changing the same data; nothing was written, try again in a moment', {
      cause,
      retryAfterSeconds: 1,
    });
  }
}

/** The program sent a write, or a locking read, by a connection that it had asked for to read. It was not sent. */
export class WriteOnReadConnectionError extends appError(
  'write-on-read-connection',
  500,
  'A write was sent where only reads go',
) {
  constructor(node: string, kind: string) {
    super(
      `A ${kind === 'write' ? 'write' : 'locking read'} was sent by a connection for reads (to ${node}), and was not ` +
        'run: send it where writes go',
    );
  }
}
