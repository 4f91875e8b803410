import { appError } from '@fourfold/kernel';

export class QueueNotFoundError extends appError('queue-not-found', 404, 'No such queue') {
  constructor(name: string, known: readonly string[]) {
    super(`There is no queue ${JSON.stringify(name)}; there are: ${known.join(', ')}`);
  }
}

export class QueueUnavailableError extends appError('queue-unavailable', 503, 'The queues can’t be reached') {
  constructor(cause: unknown) {
    super('The Redis of the queues does not answer; try again in a moment', { cause, retryAfterSeconds: 2 });
  }
}

export class QueueNotScheduledError extends appError(
  'queue-not-scheduled',
  409,
  'The queue has no schedule',
) {
  constructor(name: string) {
    super(
      `Queue ${name} has no schedule that could be run now; GET /v1/admin/queues shows those that have one`,
    );
  }
}

export class RunUnderWayError extends appError('run-under-way', 409, 'A run is under way') {
  constructor(name: string) {
    super(`A run of queue ${name} is under way, or asked for and not begun; wait until it has ended`);
  }
}
