import { AppError } from '@fourfold/kernel';

export class QueueNotFoundError extends AppError {
  readonly code = 'queue-not-found';
  readonly status = 404;
  readonly title = 'No such queue';

  constructor(name: string, known: readonly string[]) {
    super(`There is no queue ${JSON.stringify(name)}; there are: ${known.join(', ')}`);
  }
}

export class QueueUnavailableError extends AppError {
  readonly code = 'queue-unavailable';
  readonly status = 503;
  readonly title = 'The queues can’t be reached';

  constructor(cause: unknown) {
    super('The Redis of the queues does not answer; try again in a moment', { cause, retryAfterSeconds: 2 });
  }
}
