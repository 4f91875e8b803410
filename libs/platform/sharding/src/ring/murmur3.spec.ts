import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur3 } from './murmur3.js';

/** The algorithm as its author's C code reads, on 64-bit integers cut to 32: slow, and written apart from ours. */
function reference(bytes: Uint8Array): number {
  const cut = (n: bigint) => n & 0xffff_ffffn;
  const rotate = (n: bigint, by: bigint) => cut((n << by) | (n >> (32n - by)));
  const scrambled = (k: bigint) => cut(rotate(cut(k * 0xcc9e_2d51n), 15n) * 0x1b87_3593n);
  let h = 0n;
  const whole = bytes.length & ~3;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < whole; at += 4) {
    h = cut(rotate(h ^ scrambled(BigInt(view.getUint32(at, true))), 13n) * 5n + 0xe654_6b64n);
  }
  let tail = 0n;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8n) | BigInt(bytes[at]!);
  if (whole < bytes.length) h ^= scrambled(tail);
  h ^= BigInt(bytes.length);
  h = cut((h ^ (h >> 16n)) * 0x85eb_ca6bn);
  h = cut((h ^ (h >> 13n)) * 0xc2b2_ae35n);
  return Number(h ^ (h >> 16n));
}

describe('murmur3', () => {
  it.each([
    // Published vectors of MurmurHash3_x86_32 with seed 0.
    ['', 0],
    ['test', 0xba6b_d213],
    ['Hello, world!', 0xc036_3e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4f_f723],
  ])('of %j is the published one', (text, expected) => {
    expect(murmur3(text)).toBe(expected);
  });

  it('is that of the UTF-8 bytes, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        expect(murmur3(text)).toBe(reference(new TextEncoder().encode(text)));
      }),
      { numRuns: 2_000 },
    );
  });
});
