import { describe, expect, it } from 'vitest';
import { UncacheableValueError } from '../cache.errors.js';
import { decodeValue, encodeValue, type Serializer } from '../serializing/serializer.js';

/** What every serialiser keeps, whatever else it can do. */
export function describeSerializer(serializer: Serializer): void {
  const again = (value: unknown) => decodeValue(encodeValue(value, serializer))?.value;

  describe('any serialiser', () => {
    it.each([
      [0],
      [''],
      [false],
      ['N'],
      ['null'],
      [[]],
      [{}],
      [{ a: [1, { b: 'ü😀', c: null }] }],
      [{ then: '_function_' }],
      ['_function_() => process.exit()'],
    ])('gives %j back as it was', (value) => {
      expect(again(value)).toStrictEqual(value);
    });

    it('takes null and undefined for absent, in bytes that no value has', () => {
      expect([again(null), again(undefined)]).toEqual([null, null]);
      const nil = encodeValue(null, serializer);
      for (const value of ['N', '', 0, false, [], {}])
        expect(encodeValue(value, serializer)).not.toEqual(nil);
    });

    it('hands out values frozen all the way down', () => {
      const value = again({ a: [{ b: 1 }] }) as { a: { b: number }[] };
      expect(() => (value.a[0]!.b = 2)).toThrow(TypeError);
    });

    it('leaves the value it was given alone', () => {
      const mine = { a: { b: 1 } };
      encodeValue(mine, serializer);
      mine.a.b = 2;
      expect(mine.a.b).toBe(2);
    });

    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    it.each([
      ['function', () => 1],
      ['nested function', { f: () => 1 }],
      ['symbol', Symbol('s')],
      ['promise', { p: Promise.resolve(1) }],
      ['cycle', cycle],
      ['field "__proto__"', JSON.parse('{"__proto__":{"x":1}}')],
    ])('refuses a %s instead of changing it in silence', (_name, value) => {
      expect(() => encodeValue(value, serializer)).toThrow(UncacheableValueError);
    });

    it('takes the same object in two places for no cycle', () => {
      const shared = { n: 1 };
      expect(again([shared, shared])).toStrictEqual([{ n: 1 }, { n: 1 }]);
    });

    it.each([
      ['nothing', Buffer.alloc(0)],
      ['another format', Buffer.from([9, 0x31])],
      ['its format and no more', Buffer.from([serializer.format])],
      ['a nil marker with a tail', Buffer.from([0x4e, 0x31])],
    ])('decodes %s to undefined', (_name, bytes) => {
      expect(decodeValue(bytes)).toBeUndefined();
    });

    it('decodes cut bytes to undefined', () => {
      const bytes = encodeValue({ a: 'long enough', b: [1, 2, 3] }, serializer);
      for (let length = 1; length < bytes.length; length += 1) {
        expect(decodeValue(bytes.subarray(0, length))).toBeUndefined();
      }
    });
  });
}
