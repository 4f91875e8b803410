import { appError } from '@fourfold/kernel';
import { z } from 'zod';

/** Visible ASCII, as header values should be. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/);

export class IdempotencyKeyReusedError extends appError(
  'idempotency-key-reused',
  422,
  'The Idempotency-Key belongs to another request',
) {
  constructor() {
    super('This Idempotency-Key was used with a different body; a new request needs a new key');
  }
}

export class IdempotencyInProgressError extends appError(
  'idempotency-in-progress',
  409,
  'A request with this Idempotency-Key is still running',
) {
  constructor(cause: unknown) {
    super('The first request with this Idempotency-Key has not finished; ask again with the same key', {
      cause,
      retryAfterSeconds: 1,
    });
  }
}
