import { describe, expect, it } from 'vitest';
import { UncacheableValueError } from '../cache.errors.js';
import { describeSerializer } from '../testing/serializer.contract.js';
import { decodeValue, encodeValue, serializers } from './serializer.js';

describe('JsonSerializer', () => {
  describeSerializer(serializers.json);

  it.each([
    ['bigint', { n: 1n }],
    ['date', { at: new Date(0) }],
    ['map', new Map([[1, 2]])],
    ['set', [new Set([1])]],
    ['bytes', { b: Buffer.from('x') }],
    ['NaN', { n: Number.NaN }],
  ])('refuses a %s, which JSON would change', (_name, value) => {
    expect(() => encodeValue(value, serializers.json)).toThrow(UncacheableValueError);
  });

  it('decodes JSON null to undefined: it never wrote that', () => {
    const bytes = Buffer.concat([Buffer.from([serializers.json.format]), Buffer.from('null')]);
    expect(decodeValue(bytes)).toBeUndefined();
  });
});
