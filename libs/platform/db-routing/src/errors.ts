import { AppError } from '@fourfold/kernel';

/** The main cluster's primary, as a dependency: its probe is `DbNodeHealthIndicator.takesWrites`. */
export const MAIN_DATABASE = 'database';

/** Every connection of a node's pool is taken and its queue is full, or none came free within the deadline. */
export class PoolExhaustedError extends AppError {
  readonly code = 'database-busy';
  readonly status = 503;
  readonly title = 'The database has no connection free';

  /** @param waitedMs undefined when the line was full, so that the caller did not wait at all */
  constructor(node: string, waitedMs?: number, cause?: unknown) {
    const what =
      waitedMs === undefined
        ? `Every connection to ${node} is in use, and as many callers wait for one as may`
        : `No connection to ${node} came free within ${Math.round(waitedMs)} ms`;
    super(`${what}; try again in a moment`, { cause, retryAfterSeconds: 1, dependency: MAIN_DATABASE });
  }
}

/** A database server did not answer. Nothing was written, or the writer could not tell: retry with the same key. */
export class DatabaseUnavailableError extends AppError {
  readonly code = 'database-unavailable';
  readonly status = 503;
  readonly title = 'A database does not answer';

  constructor(cause: unknown) {
    super('The database does not answer; try again in a moment', {
      cause,
      retryAfterSeconds: 2,
      dependency: MAIN_DATABASE,
    });
  }
}

/** A statement ran for longer than it may and was given up; whether it took effect is not known. */
export class QueryTimeoutError extends AppError {
  readonly code = 'database-timeout';
  readonly status = 503;
  readonly title = 'A database query took too long';

  /** @param timeoutMs undefined when it was the server that gave up */
  constructor(node: string, timeoutMs?: number, cause?: unknown) {
    const limit = timeoutMs === undefined ? 'in time' : `within ${Math.round(timeoutMs)} ms`;
    super(`A query on ${node} did not end ${limit} and was given up; try again with the same key`, {
      cause,
      retryAfterSeconds: 2,
      dependency: MAIN_DATABASE,
    });
  }
}

/** Another transaction held a lock for too long, or won every time: nothing was written. */
export class DatabaseContendedError extends AppError {
  readonly code = 'database-contended';
  readonly status = 503;
  readonly title = 'Others are changing the same data';

  constructor(cause: unknown) {
    super('Others are changing the same data; nothing was written, try again in a moment', {
      cause,
      retryAfterSeconds: 1,
    });
  }
}

/** The program sent a write, or a locking read, by a connection that it had asked for to read. It was not sent. */
export class WriteOnReadConnectionError extends AppError {
  readonly code = 'write-on-read-connection';
  readonly status = 500;
  readonly title = 'A write was sent where only reads go';

  constructor(node: string, kind: string) {
    super(
      `A ${kind === 'write' ? 'write' : 'locking read'} was sent by a connection for reads (to ${node}), and was not ` +
        'run: send it where writes go',
    );
  }
}
