import { z } from 'zod';

const MAX_ID = 2n ** 63n - 1n;

/** A 64-bit id as a decimal string: JSON numbers lose digits above 2^53. */
export const idSchema = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, 'must be an id: a decimal string')
  .refine((id) => !/^\d{1,19}$/.test(id) || BigInt(id) <= MAX_ID, 'must be an id: below 2^63');

/** What leaves no mark: spaces, joiners, fillers, variation selectors, and the empty Braille pattern. */
const INVISIBLE = /^[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/**
 * Text as people write it: trimmed, 1 to `max` code points of whole Unicode (half a surrogate pair could not be stored),
 * something to see among them, nothing that a terminal, a mail header or a log would take for a command, and no
 * direction mark, which makes text look like another one.
 */
export function textSchema(max: number, { multiline = false } = {}) {
  const control = multiline ? /[^\P{Cc}\r\n\t]/u : /[\p{Cc}\p{Zl}\p{Zp}]/u;
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => text.isWellFormed() && !control.test(text), 'must be text without control characters')
    .refine(
      (text) => !/\p{Bidi_Control}/u.test(text),
      'must be text without characters that change its direction',
    )
    .refine((text) => text === '' || !INVISIBLE.test(text), 'must have a character that can be seen');
}

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

/** Mail servers need not take more before the `@` (RFC 5321, section 4.5.3.1.1). */
const MOST_LOCAL_PART = 64;

/** Lower case throughout: two spellings of one mailbox are one. */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email())
  .refine((email) => email.indexOf('@') <= MOST_LOCAL_PART, 'must have at most 64 characters before the @')
  .meta({ format: 'email' });
