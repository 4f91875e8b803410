import { AppError } from '@fourfold/kernel';

export class TokenMissingError extends AppError {
  readonly code = 'token-missing';
  readonly status = 401;
  readonly title = 'A token is needed';

  constructor() {
    super('Send a token: Authorization: Bearer <JWT>');
  }
}

export class TokenExpiredError extends AppError {
  readonly code = 'token-expired';
  readonly status = 401;
  readonly title = 'The token has expired';

  constructor(cause: unknown) {
    super('The token has expired; get a new one', { cause });
  }
}

export class TokenInvalidError extends AppError {
  readonly code = 'token-invalid';
  readonly status = 401;
  readonly title = 'The token is not valid';

  constructor(cause?: unknown) {
    super('The token is not one of ours: wrong signature, issuer, audience or claims', { cause });
  }
}

export class ForbiddenError extends AppError {
  readonly code = 'forbidden';
  readonly status = 403;
  readonly title = 'Not allowed';

  constructor() {
    super('This call is for operators');
  }
}

export class KeysUnavailableError extends AppError {
  readonly code = 'auth-unavailable';
  readonly status = 503;
  readonly title = 'Tokens can’t be checked';

  constructor(cause: unknown) {
    super('The keys that tokens are checked with can’t be fetched; try again in a moment', {
      cause,
      retryAfterSeconds: 5,
    });
  }
}
