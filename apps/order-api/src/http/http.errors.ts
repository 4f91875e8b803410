import { appError, type FieldError } from '@fourfold/kernel';
import type { z } from 'zod';

export class ValidationError extends appError('validation-failed', 400, 'The request is not valid') {
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

export class MalformedJsonError extends appError('malformed-json', 400, 'The body is not JSON') {
  constructor(cause: unknown) {
    super(`The body can't be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

export class TooManyRequestsError extends appError('too-many-requests', 429, 'Too many requests at once') {
  constructor() {
    super(
      'More requests of this caller are under way and waiting than one may have; wait for their answers',
      {
        retryAfterSeconds: 1,
      },
    );
  }
}

export class OverloadedError extends appError('overloaded', 503, 'More requests than can be answered') {
  constructor() {
    super('More requests come than this process can answer in time; nothing was done, try again later');
  }
}

export class ExpectationFailedError extends appError(
  'expectation-failed',
  417,
  'An expectation that is not known',
) {
  constructor() {
    super('The header Expect may say 100-continue, and nothing else');
  }
}

/**
 * The process has the other role. It has done nothing, so the request may be sent to another process, whatever its method
 * (RFC 9110, section 15.5.20). Not 405: the resource does allow the method, and a 405 may be cached.
 */
export class MisdirectedRequestError extends appError(
  'misdirected-request',
  421,
  'This process does not serve such requests',
) {
  constructor(role: string, method: string, route: string) {
    super(
      `Nothing was done: this process has API_ROLE=${role} and does not serve ${method} ${route}; send it to one that does`,
    );
  }
}

export class IdempotencyKeyMissingError extends appError(
  'idempotency-key-missing',
  400,
  'An Idempotency-Key is needed',
) {
  constructor() {
    super('Send an Idempotency-Key header, new for each order or report and the same when you try again');
  }
}

export class IfMatchMissingError extends appError('if-match-missing', 428, 'An If-Match is needed') {
  constructor() {
    super('Send If-Match with the ETag that you have read, or * for any version');
  }
}
