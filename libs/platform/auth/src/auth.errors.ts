import { appError } from '@fourfold/kernel';

export class TokenMissingError extends appError('token-missing', 401, 'A token is needed') {
  constructor() {
    super('Send a token: Authorization: Bearer <JWT>');
  }
}

export class TokenExpiredError extends appError('token-expired', 401, 'The token has expired') {
  constructor(cause: unknown) {
    super('The token has expired; get a new one', { cause });
  }
}

export class TokenInvalidError extends appError('token-invalid', 401, 'The token is not valid') {
  constructor(cause?: unknown) {
    super('The token is not one of ours: wrong signature, issuer, audience or claims', { cause });
  }
}

export class ForbiddenError extends appError('forbidden', 403, 'Not allowed') {
  constructor() {
    super('This call is for operators');
  }
}

export class KeysUnavailableError extends appError('auth-unavailable', 503, 'Tokens can’t be checked') {
  constructor(cause: unknown) {
    super('The keys that tokens are checked with can’t be fetched; try again in a moment', {
      cause,
      retryAfterSeconds: 5,
    });
  }
}
