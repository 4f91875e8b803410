import { AppError, type FieldError } from '@fourfold/kernel';
import type { z } from 'zod';

export class ValidationError extends AppError {
  readonly code = 'validation-failed';
  readonly status = 400;
  readonly title = 'The request is not valid';

  constructor(errors: readonly FieldError[]) {
    super(
      `The request is not valid: ${errors.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
      { errors },
    );
  }

  /** @param root what `error` is about: `body`, `query`, or the name of a path part or header */
  static of(root: string, error: z.ZodError): ValidationError {
    return new ValidationError(
      error.issues.map((issue) => ({ path: issue.path.join('.') || root, message: issue.message })),
    );
  }
}

export class MalformedJsonError extends AppError {
  readonly code = 'malformed-json';
  readonly status = 400;
  readonly title = 'The body is not JSON';

  constructor(cause: unknown) {
    super(`The body can't be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

export class BodyTooLargeError extends AppError {
  readonly code = 'body-too-large';
  readonly status = 413;
  readonly title = 'The body is too large';

  constructor(cause: unknown) {
    super('The body is larger than this call takes', { cause });
  }
}

export class RequestTimeoutError extends AppError {
  readonly code = 'request-timeout';
  readonly status = 408;
  readonly title = 'The request came too slowly';

  constructor(cause: unknown) {
    super('The request did not arrive in whole in time', { cause });
  }
}

export class TooManyRequestsError extends AppError {
  readonly code = 'too-many-requests';
  readonly status = 429;
  readonly title = 'Too many requests at once';

  constructor() {
    super(
      'More requests of this caller are under way and waiting than one may have; wait for their answers',
      {
        retryAfterSeconds: 1,
      },
    );
  }
}

export class HeadersTooLargeError extends AppError {
  readonly code = 'headers-too-large';
  readonly status = 431;
  readonly title = 'The headers are too large';

  constructor(cause: unknown) {
    super('The request line and headers are larger than this server takes', { cause });
  }
}

export class UnsupportedMediaTypeError extends AppError {
  readonly code = 'unsupported-media-type';
  readonly status = 415;
  readonly title = 'The body must be JSON';

  constructor(cause?: unknown) {
    super('Send the body as Content-Type: application/json, in UTF-8, without a Content-Encoding', { cause });
  }
}

export class BadRequestError extends AppError {
  readonly code = 'bad-request';
  readonly status = 400;
  readonly title = 'The request can’t be read';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : 'The request can’t be read', { cause });
  }
}

export class ExpectationFailedError extends AppError {
  readonly code = 'expectation-failed';
  readonly status = 417;
  readonly title = 'An expectation that is not known';

  constructor() {
    super('The header Expect may say 100-continue, and nothing else');
  }
}

/** The process has been told to stop: the connection is closed with this answer, and a new one leads to another process. */
export class ServiceStoppingError extends AppError {
  readonly code = 'service-stopping';
  readonly status = 503;
  readonly title = 'This process is stopping';

  constructor() {
    super('This process is stopping and takes no more requests; try again on a new connection', {
      retryAfterSeconds: 1,
    });
  }
}

/**
 * The process has the other role. It has done nothing, so the request may be sent to another process, whatever its method
 * (RFC 9110, section 15.5.20). Not 405: the resource does allow the method, and a 405 may be cached.
 */
export class MisdirectedRequestError extends AppError {
  readonly code = 'misdirected-request';
  readonly status = 421;
  readonly title = 'This process does not serve such requests';

  constructor(role: string, method: string, route: string) {
    super(
      `Nothing was done: this process has API_ROLE=${role} and does not serve ${method} ${route}; send it to one that does`,
    );
  }
}

export class RouteNotFoundError extends AppError {
  readonly code = 'not-found';
  readonly status = 404;
  readonly title = 'No such route';

  constructor(cause?: unknown) {
    super('Nothing answers at this method and path', { cause });
  }
}

export class IdempotencyKeyMissingError extends AppError {
  readonly code = 'idempotency-key-missing';
  readonly status = 400;
  readonly title = 'An Idempotency-Key is needed';

  constructor() {
    super('Send an Idempotency-Key header, new for each order and the same when you try again');
  }
}

export class IfMatchMissingError extends AppError {
  readonly code = 'if-match-missing';
  readonly status = 428;
  readonly title = 'An If-Match is needed';

  constructor() {
    super('Send If-Match with the ETag that you have read, or * for any version');
  }
}

export class InternalError extends AppError {
  readonly code = 'internal-error';
  readonly status = 500;
  readonly title = 'Something went wrong here';

  constructor(cause: unknown) {
    super('Something went wrong here; tell us the requestId', { cause });
  }
}
