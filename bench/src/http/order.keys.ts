import { randomUUID } from 'node:crypto';

const run = randomUUID();
let keys = 0;

/** An idempotency key that no order has had. */
export const nextKey = (): string => `${run}-${(keys += 1)}`;
