import { AppError } from '@fourfold/kernel';

export class EmailTakenError extends AppError {
  readonly code = 'email-taken';
  readonly status = 409;
  readonly title = 'The e-mail address belongs to another user';

  constructor() {
    super('Another user has, or is just signing up with, this e-mail address');
  }
}

/** It took so long that others have ended it. Nothing was written. */
export class EmailReservationLostError extends AppError {
  readonly code = 'email-reservation-lost';
  readonly status = 503;
  readonly title = 'The e-mail address could not be kept reserved';

  constructor() {
    super('Another change of this address came first, or this one took too long; nothing was changed', {
      retryAfterSeconds: 1,
    });
  }
}

export class UserChangedError extends AppError {
  readonly code = 'changed-meanwhile';
  readonly status = 412;
  readonly title = 'Changed meanwhile';

  constructor(id: string) {
    super(`User ${id} has changed since the version in If-Match; read it again and decide anew`);
  }
}
