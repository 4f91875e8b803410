import { describe, expect, it } from 'vitest';
import { InvalidShardKeyError, slotOf, tokenOf } from './slot.js';

describe('slotOf', () => {
  it.each([
    // MD5 of each: RFC 1321, appendix A.5.
    ['a', 0x0cc175b9],
    ['abc', 0x90015098],
    ['message digest', 0xf96b697d],
    ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', 0x57edf4a2],
  ])('takes the first 14 bits of the MD5 of %j', (key, first32Bits) => {
    expect(tokenOf(key)).toBe(first32Bits);
    expect(slotOf(key)).toBe(first32Bits >>> 18);
  });

  it('hashes text as UTF-8, like a utf8mb4 column', () => {
    expect(slotOf('Zoë')).toBe(0xfb44 >> 2);
  });

  it.each([[''], ['x'.repeat(256)], [42], [null], [undefined], [{}]])('refuses %j as a key', (key) => {
    expect(() => slotOf(key as string)).toThrow(InvalidShardKeyError);
  });
});
