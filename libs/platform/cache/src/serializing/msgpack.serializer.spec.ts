import { describe, expect, it } from 'vitest';
import { UncacheableValueError } from '../cache.errors.js';
import { describeSerializer } from '../testing/serializer.contract.js';
import { decodeValue, encodeValue, serializers } from './serializer.js';

const again = (value: unknown) => decodeValue(encodeValue(value, serializers.msgpack));

describe('MsgpackSerializer', () => {
  describeSerializer(serializers.msgpack);

  it.each([
    ['bigint', { n: 5n, large: 2n ** 70n, exact: 9_007_199_254_740_993n }],
    ['date', { at: new Date(1_700_000_000_123) }],
    [
      'map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, { b: [3n] }],
      ]),
    ],
    ['set', [new Set([1, 'a'])]],
    ['NaN and infinities', { n: Number.NaN, up: Infinity, down: -Infinity }],
    ['undefined inside', { gone: undefined }],
  ])('keeps a %s', (_name, value) => {
    expect(again(value)?.value).toStrictEqual(value);
  });

  it('keeps bytes', () => {
    expect(again({ b: Buffer.from('xyz') })?.value).toEqual({ b: Buffer.from('xyz') });
  });

  it('gives each caller its own of what can’t be frozen', () => {
    const cached = again({ at: new Date(0), bytes: Buffer.from('abc') })!;
    const first = cached.value as { at: Date; bytes: Buffer };
    first.at.setFullYear(1999);
    first.bytes.fill(0);
    const second = cached.value as { at: Date; bytes: Buffer };
    expect(second.at).toEqual(new Date(0));
    expect(second.bytes.toString()).toBe('abc');
  });

  it('shares what it could freeze', () => {
    const cached = again({ a: { big: 2n ** 40n } })!;
    expect(cached.value).toBe(cached.value);
    expect(cached.value).toSatisfy(Object.isFrozen);
  });

  it.each([
    ['typed array of another kind', new Float64Array([1.5])],
    ['function in a map', new Map([['f', () => 1]])],
  ])('refuses a %s', (_name, value) => {
    expect(() => encodeValue(value, serializers.msgpack)).toThrow(UncacheableValueError);
  });
});
