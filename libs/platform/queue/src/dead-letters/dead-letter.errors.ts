import { AppError } from '@fourfold/kernel';
import type { DeadLetterStatus } from './dead-letter.js';

export class DeadLetterNotFoundError extends AppError {
  readonly code = 'dead-letter-not-found';
  readonly status = 404;
  readonly title = 'No such dead letter';

  constructor(id: string) {
    super(`There is no dead letter ${id}`);
  }
}

export class DeadLetterResolvedError extends AppError {
  readonly code = 'dead-letter-resolved';
  readonly status = 409;
  readonly title = 'The dead letter is not open any more';

  constructor(id: string, status: DeadLetterStatus, by: string | null, at: Date | null) {
    super(
      `Dead letter ${id} was ${status} by ${by ?? 'an unknown actor'} at ${at?.toISOString() ?? 'no time'}`,
    );
  }
}

export class DeadLetterUnderWayError extends AppError {
  readonly code = 'dead-letter-under-way';
  readonly status = 409;
  readonly title = 'The message is under way already';

  constructor(id: string) {
    super(
      `The message of dead letter ${id} is in the outbox again, waiting or published: see how it ends first`,
    );
  }
}

export class DeadLetterUndeliverableError extends AppError {
  readonly code = 'dead-letter-undeliverable';
  readonly status = 422;
  readonly title = 'The message can’t be delivered as it is';

  constructor(id: string, why: string) {
    super(`Dead letter ${id} can't be redriven: ${why}. It can be discarded`);
  }
}
