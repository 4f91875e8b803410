import { appError } from '@fourfold/kernel';

export class EmailTakenError extends appError(
  'email-taken',
  409,
  'The e-mail address belongs to another user',
) {
  constructor() {
    super('Another user has, or is just signing up with, this e-mail address');
  }
}

/** It took so long that others have ended it. Nothing was written. */
export class EmailReservationLostError extends appError(
  'email-reservation-lost',
  503,
  'The e-mail address could not be kept reserved',
) {
  constructor() {
    super('Another change of this address came first, or this one took too long; nothing was changed', {
      retryAfterSeconds: 1,
    });
  }
}

export class UserChangedError extends appError('changed-meanwhile', 412, 'Changed meanwhile') {
  constructor(id: string) {
    super(`User ${id} has changed since the version in If-Match; read it again and decide anew`);
  }
}
