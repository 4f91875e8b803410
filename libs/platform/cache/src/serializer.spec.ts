import { describe, expect, it } from 'vitest';
import { UncacheableValueError } from './cache.errors.js';
import { JsonSerializer } from './serializer.js';

const serializer = new JsonSerializer();

describe('JsonSerializer', () => {
  it.each([
    [0],
    [''],
    [false],
    ['N'],
    ['null'],
    [[]],
    [{}],
    [{ a: [1, { b: 'ü😀' }] }],
    [{ then: '_function_' }],
  ])('gives %j back as it was', (value) => {
    expect(serializer.decode(serializer.encode(value))?.value).toEqual(value);
  });

  it('takes null and undefined for absent', () => {
    expect(serializer.decode(serializer.encode(null))?.value).toBeNull();
    expect(serializer.decode(serializer.encode(undefined))?.value).toBeNull();
  });

  it('hands out values frozen all the way down', () => {
    const { value } = serializer.decode(serializer.encode({ a: [{ b: 1 }] }))!;
    expect(() => ((value as { a: { b: number }[] }).a[0]!.b = 2)).toThrow(TypeError);
  });

  it('leaves the value it was given alone', () => {
    const mine = { a: { b: 1 } };
    serializer.encode(mine);
    mine.a.b = 2;
    expect(mine.a.b).toBe(2);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each([
    ['bigint', { n: 1n }],
    ['date', { at: new Date(0) }],
    ['map', new Map([[1, 2]])],
    ['set', [new Set([1])]],
    ['bytes', { b: Buffer.from('x') }],
    ['function', () => 1],
    ['nested function', { f: () => 1 }],
    ['symbol', Symbol('s')],
    ['NaN', { n: Number.NaN }],
    ['promise', { p: Promise.resolve(1) }],
    ['cycle', cycle],
  ])('refuses a %s instead of changing it in silence', (_name, value) => {
    expect(() => serializer.encode(value)).toThrow(UncacheableValueError);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another version', Buffer.from([9, 0x56, 0x31])],
    ['another kind', Buffer.from([1, 0x3f, 0x31])],
    ['cut JSON', Buffer.concat([Buffer.from([1, 0x56]), Buffer.from('{"a":')])],
    ['a nil marker with a tail', Buffer.from([1, 0x4e, 0x31])],
    ['JSON null', Buffer.concat([Buffer.from([1, 0x56]), Buffer.from('null')])],
  ])('decodes %s to undefined', (_name, bytes) => {
    expect(serializer.decode(bytes)).toBeUndefined();
  });
});
