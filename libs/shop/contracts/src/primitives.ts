import { z } from 'zod';

const MAX_ID = 2n ** 63n - 1n;

/** A 64-bit id as a decimal string: JSON numbers lose digits above 2^53. */
export const idSchema = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, 'must be an id: a decimal string')
  .refine((id) => !/^\d{1,19}$/.test(id) || BigInt(id) <= MAX_ID, 'must be an id: below 2^63');

export const CURRENCY = 'GBP';

/** Minor units (pence) as an integer: sums of money are exact. */
export interface Money {
  amount: number;
  currency: string;
}

/** A price as the API takes it, up to ten million pounds. */
export const priceSchema = z.strictObject({
  amount: z.int().min(0).max(1_000_000_000),
  currency: z.literal(CURRENCY),
});

export const gbp = (amount: number): Money => ({ amount, currency: CURRENCY });

/** The largest value of a signed 32-bit column. */
export const MAX_INT32 = 2_147_483_647;
