import { appError } from '@fourfold/kernel';
import type { DeadLetterStatus } from './dead-letter.js';

export class DeadLetterNotFoundError extends appError('dead-letter-not-found', 404, 'No such dead letter') {
  constructor(id: string) {
    super(`There is no dead letter ${id}`);
  }
}

export class DeadLetterResolvedError extends appError(
  'dead-letter-resolved',
  409,
  'The dead letter is not open any more',
) {
  constructor(id: string, status: DeadLetterStatus, by: string | null, at: Date | null) {
    super(
      `Dead letter ${id} was ${status} by ${by ?? 'an unknown actor'} at ${at?.toISOString() ?? 'no time'}`,
    );
  }
}

export class DeadLetterUnderWayError extends appError(
  'dead-letter-under-way',
  409,
  'The message is under way already',
) {
  constructor(id: string) {
    super(
      `The message of dead letter ${id} is in the outbox again, waiting or published: see how it ends first`,
    );
  }
}

export class DeadLetterUndeliverableError extends appError(
  'dead-letter-undeliverable',
  422,
  'The message can’t be delivered as it is',
) {
  constructor(id: string, why: string) {
    super(`Dead letter ${id} can't be redriven: ${why}. It can be discarded`);
  }
}
