import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pageOf, pageQuery } from './page.js';

const query = z.strictObject(pageQuery);
const accepts = (input: unknown) => query.safeParse(input).success;

/** A list in a database: asks for one row more than the page holds, after the cursor. */
function readPage(ids: readonly bigint[], limit: number, cursor: string | undefined) {
  const { cursor: after } = query.parse(cursor === undefined ? {} : { cursor });
  const rows = ids.filter((id) => after === undefined || id > BigInt(after)).slice(0, limit + 1);
  return pageOf(rows, limit, String);
}

describe('paging through a list', () => {
  it('gives every row once, in order, in full pages, and ends', () => {
    const lists = fc.uniqueArray(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), { maxLength: 60 });
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 20 }), (unordered, limit) => {
        const ids = unordered.toSorted((a, b) => (a < b ? -1 : 1));
        const pages: bigint[][] = [];
        let cursor: string | null | undefined;
        do {
          const page = readPage(ids, limit, cursor ?? undefined);
          pages.push(page.items);
          cursor = page.nextCursor;
        } while (cursor !== null && pages.length <= ids.length);
        expect(cursor).toBeNull();
        expect(pages.flat()).toEqual(ids);
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      }),
    );
  });
});

describe('pageOf', () => {
  it.each([
    ['no row at all', [], [], false],
    ['fewer rows than the limit', [1], [1], false],
    ['just the limit', [1, 2], [1, 2], false],
    ['one row more', [1, 2, 3], [1, 2], true],
  ])('of %s', (_what, rows, items, more) => {
    const page = pageOf(rows, 2, String);
    expect(page.items).toEqual(items);
    expect(page.nextCursor !== null).toBe(more);
  });
});

describe('pageQuery', () => {
  it('is 20 rows from the start when nothing is said', () => {
    expect(query.parse({})).toEqual({ limit: 20 });
  });

  it.each([
    ['1', true],
    ['100', true],
    ['0', false],
    ['101', false],
    ['-1', false],
    ['1.5', false],
    ['', false],
    ['1e1', false],
    ['0x5', false],
    ['05', false],
    ['1.0', false],
    ['+5', false],
    [' 5', false],
    ['5 ', false],
    ['５', false],
    ['abc', false],
    ['Infinity', false],
    [['5', '6'], false],
  ])('limit %j: accepted is %s', (limit, accepted) => {
    expect(accepts({ limit })).toBe(accepted);
  });
});
