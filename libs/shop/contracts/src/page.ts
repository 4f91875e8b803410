import { z } from 'zod';

export interface Page<T> {
  items: T[];
  /** Give it back as `cursor` for the next page; `null` after the last one. */
  nextCursor: string | null;
}

export const DEFAULT_PAGE_LIMIT = 20;

/** In plain digits, and not all that `Number` takes: `1e1`, `0x5` or nothing at all is a mistake. */
const limit = z
  .string()
  .regex(/^([1-9]\d?|100)$/, 'must be a whole number from 1 to 100, in digits')
  .transform(Number)
  .meta({ type: 'integer', minimum: 1, maximum: 100 })
  .default(DEFAULT_PAGE_LIMIT);

/** `limit` and `cursor` of a list. Whether a cursor is one of the list, the list itself says. */
export const pageQuery = {
  limit,
  cursor: z.string().optional(),
};

/**
 * @param rows one more than `limit` when there is a next page
 * @returns the page, with the position of its last row for `nextCursor`: `PageCursors` makes a cursor of it
 */
export function pageOf<T>(rows: readonly T[], limit: number, position: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? position(last) : null };
}
