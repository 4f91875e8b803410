import { describe, expect, it } from 'vitest';
import { etagOf, versionFrom } from './etag.js';
import { IfMatchMissingError, ValidationError } from './http.errors.js';

describe('an ETag', () => {
  it('names its version, and is read back as that', () => {
    expect(etagOf(3)).toBe('"3"');
    expect(versionFrom(etagOf(3))).toBe(3);
    expect(versionFrom(' "3" ')).toBe(3);
  });
});

describe('If-Match', () => {
  it('must be there', () => {
    expect(() => versionFrom(undefined)).toThrow(IfMatchMissingError);
  });

  it('takes any version for a star', () => {
    expect(versionFrom(' * ')).toBeUndefined();
  });

  it.each(['"abc"', '"-1"', '"1e1"', '""', '"99999999999"'])('with %s matches no version', (tag) => {
    expect(versionFrom(tag)).toBeLessThan(0);
  });

  it.each(['', '3', 'W/"3"', '"3", "4"', '"3'])('refuses %j, which is not one ETag', (tag) => {
    expect(() => versionFrom(tag)).toThrow(ValidationError);
  });
});
