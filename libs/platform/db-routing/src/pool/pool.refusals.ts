import { AppError } from '@fourfold/kernel';
import { DatabaseUnavailableError, PoolExhaustedError } from '../errors.js';
import type { ConnectionCallback } from './lease.js';
import type { NodePoolOptions, PoolObserver } from './pool.options.js';

/** Why a caller of one node's pool gets no connection; each refusal is counted. */
export class PoolRefusals {
  constructor(
    private readonly node: string,
    private readonly options: Pick<NodePoolOptions, 'dependency'>,
    private readonly observer: PoolObserver,
  ) {}

  /** @param waitedMs undefined for a caller who was not let into the line */
  exhausted(waitedMs?: number): PoolExhaustedError {
    return new PoolExhaustedError(this.node, waitedMs, { dependency: this.options.dependency });
  }

  tooLate(): DatabaseUnavailableError {
    return this.unavailable(new Error(`${this.node} gave no connection in time`));
  }

  closed(): DatabaseUnavailableError {
    return this.unavailable(new Error(`The pool of ${this.node} is closed`));
  }

  unavailable(cause: unknown): DatabaseUnavailableError {
    return new DatabaseUnavailableError(cause, this.options.dependency);
  }

  /** The callback of a caller that may be refused. */
  counting(callback: ConnectionCallback): ConnectionCallback {
    return (error, connection) => {
      if (error) this.observer.refused?.(error instanceof AppError ? error.code : 'other');
      callback(error, connection);
    };
  }
}
