import { AppError } from '@fourfold/kernel';

export class EmailTakenError extends AppError {
  readonly code = 'email-taken';
  readonly status = 409;
  readonly title = 'The e-mail address belongs to another user';

  constructor() {
    super('Another user has, or is just signing up with, this e-mail address');
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
