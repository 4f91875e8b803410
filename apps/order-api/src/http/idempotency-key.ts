import { idempotencyKeySchema } from '@shop/contracts';
import { HeaderParameter } from '../routes/operation.js';
import { IdempotencyKeyMissingError, ValidationError } from './http.errors.js';

/** @throws IdempotencyKeyMissingError, ValidationError */
export function keyFrom(header: string | undefined): string {
  if (header === undefined || header === '') throw new IdempotencyKeyMissingError();
  const key = idempotencyKeySchema.safeParse(header);
  if (key.success) return key.data;
  throw new ValidationError([
    { path: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' },
  ]);
}

/** Describes the header that `keyFrom` reads. */
export const IdempotencyKey = (): MethodDecorator =>
  HeaderParameter({
    name: 'Idempotency-Key',
    required: true,
    description: 'New for each thing that is asked for, the same when the request is sent again; 24 hours',
    schema: idempotencyKeySchema,
  });
