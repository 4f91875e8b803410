import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidCursorError, PageCursors } from './page-cursors.js';

const SECRET = 'a-secret-of-at-least-32-characters';
const OTHER_SECRET = 'another-secret-of-over-32-characters';
const text = fc.string({ unit: 'binary' }).map((given) => given.toWellFormed());

describe.each([
  ['with a secret', new PageCursors([SECRET])],
  ['without one', new PageCursors()],
])('a cursor %s', (_what, cursors) => {
  it('brings back the position of its own list, whatever is in it, and goes into a URL as it is', () => {
    fc.assert(
      fc.property(text, text, (list, position) => {
        const cursor = cursors.seal(list, position);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(cursors.open(list, cursor)).toBe(position);
      }),
    );
  });

  it('of another list is refused, also where the two texts run together alike', () => {
    const cursor = cursors.seal('products', '42');
    for (const list of ['', 'product', 'products\0', 'products4', 'users'])
      expect(() => cursors.open(list, cursor)).toThrow(InvalidCursorError);
  });

  it('is refused whichever of its characters was changed, dropped or added', () => {
    const cursor = cursors.seal('products', '42');
    for (let index = 0; index < cursor.length; index += 1) {
      const [before, after] = [cursor.slice(0, index), cursor.slice(index + 1)];
      for (const other of [before + (cursor[index] === 'A' ? 'B' : 'A') + after, before + after, before])
        expect(() => cursors.open('products', other), other).toThrow(InvalidCursorError);
    }
    for (const more of ['=', '!', 'A', '.']) {
      expect(() => cursors.open('products', cursor + more)).toThrow(InvalidCursorError);
    }
  });

  it('that is none is refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (cursor) => {
        expect(() => cursors.open('products', cursor)).toThrow(InvalidCursorError);
      }),
    );
  });
});

describe('secrets', () => {
  it('refuse what was made without them, and with others', () => {
    const cursors = new PageCursors([SECRET]);
    for (const other of [new PageCursors(), new PageCursors([OTHER_SECRET])])
      expect(() => cursors.open('products', other.seal('products', '-1'))).toThrow(InvalidCursorError);
  });

  it('are changed without a gap: the first signs, all verify', () => {
    const [old, both] = [new PageCursors([SECRET]), new PageCursors([OTHER_SECRET, SECRET])];
    expect(both.open('products', old.seal('products', '1'))).toBe('1');
    expect(new PageCursors([OTHER_SECRET]).open('products', both.seal('products', '1'))).toBe('1');
  });
});

describe('a page', () => {
  it('is read from the position of its cursor, and gives one for the next, unless it is the last', async () => {
    const cursors = new PageCursors();
    const read = async (position?: string) => ({ items: [position], nextCursor: position ? null : '7' });
    const first = await cursors.readPage('numbers', undefined, read);
    expect(first).toEqual({ items: [undefined], nextCursor: cursors.seal('numbers', '7') });
    expect(await cursors.readPage('numbers', first.nextCursor!, read)).toEqual({
      items: ['7'],
      nextCursor: null,
    });
  });
});
