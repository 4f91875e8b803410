import { describe, expect, it } from 'vitest';
import { evenTopology } from '../topology/even-topology.js';
import { parseTopology } from '../topology/topology.document.js';
import { InvalidTopologyError } from '../topology/topology.errors.js';
import { HashRing } from './hash-ring.js';
import { slotOf } from './slot.js';
import { InvalidShardKeyError, InvalidSlotHashError, registerSlotHash, tokenFunction } from './slot-hash.js';

describe('slotOf', () => {
  it.each([
    // MD5 of each: RFC 1321, appendix A.5.
    ['a', 0x0cc175b9],
    ['abc', 0x90015098],
    ['message digest', 0xf96b697d],
    ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', 0x57edf4a2],
  ])('takes the first 14 bits of the MD5 of %j', (key, first32Bits) => {
    expect(tokenFunction('md5-14')(key)).toBe(first32Bits);
    expect(slotOf(key)).toBe(first32Bits >>> 18);
  });

  it('hashes text as UTF-8, like a utf8mb4 column', () => {
    expect(slotOf('Zoë')).toBe(0xfb44 >> 2);
  });

  it.each([[''], ['x'.repeat(256)], [42], [null], [undefined], [{}]])('refuses %j as a key', (key) => {
    expect(() => slotOf(key as string)).toThrow(InvalidShardKeyError);
  });
});

describe('a registered hash', () => {
  const lengths = (key: string) => key.length << 28;

  it('is what a ring that pins its id routes by, and no document can name it before', () => {
    const document = { ...evenTopology(['a', 'b', 'c', 'd']), hashId: 'length-14' };
    expect(() => parseTopology(document)).toThrow(InvalidTopologyError);
    registerSlotHash('length-14', lengths);
    const ring = new HashRing(parseTopology(document));
    for (const [key, slot] of [
      ['x', 1_024],
      ['x'.repeat(15), 15_360],
    ] as const) {
      expect(ring.locate(key)).toEqual({ slot, shard: ring.ownerOf(slot) });
      expect(ring.locateByTokens(key)).toEqual(ring.locate(key));
      expect(slotOf(key, 'length-14')).toBe(slot);
    }
    expect(() => ring.locate('')).toThrow(InvalidShardKeyError);
  });

  it('is never replaced, not even by itself', () => {
    registerSlotHash('first-14', lengths);
    for (const id of ['first-14', 'md5-14', 'murmur3-14'])
      expect(() => registerSlotHash(id, lengths)).toThrow(InvalidSlotHashError);
    expect(slotOf('abc')).toBe(0x9001 >> 2);
  });

  it.each(['', 'Length', 'x y', 'x'.repeat(33)])('can’t have the id %j', (id) => {
    expect(() => registerSlotHash(id, lengths)).toThrow(InvalidSlotHashError);
  });

  it('that is none is an error of its own', () => {
    expect(() => slotOf('a', 'crc-32')).toThrow(InvalidSlotHashError);
  });
});
