import { isPageCursor } from '@fourfold/sharding';
import { z } from 'zod';

export interface Page<T> {
  items: T[];
  /** Give it back as `cursor` for the next page; `null` after the last one. */
  nextCursor: string | null;
}

const cursorPosition = z.string().regex(/^\d{1,19}$/);

/** In plain digits, and not all that `Number` takes: `1e1`, `0x5` or nothing at all is a mistake. */
const limit = z
  .string()
  .regex(/^([1-9]\d?|100)$/, 'must be a whole number from 1 to 100, in digits')
  .transform(Number)
  .meta({ type: 'integer', minimum: 1, maximum: 100 })
  .default(20);

/** `limit` and `cursor` of a list on the main cluster. A cursor is a keyset position, in base64url so that nobody does sums with it. */
export const pageQuery = {
  limit,
  cursor: z
    .string()
    .transform((cursor) => Buffer.from(cursor, 'base64url').toString('utf8'))
    .refine((position) => cursorPosition.safeParse(position).success, 'must be a nextCursor of this list')
    .optional(),
};

/** The same of a list on the shards, whose cursors are those of `@fourfold/sharding`: each is of one query alone. */
export const shardPageQuery = {
  limit,
  cursor: z.string().refine(isPageCursor, 'must be a nextCursor of this list').optional(),
};

/** @param rows one more than `limit` when there is a next page */
export function pageOf<T>(rows: readonly T[], limit: number, position: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? Buffer.from(position(last)).toString('base64url') : null };
}
