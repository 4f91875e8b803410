import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenRing } from '../testing/token.ring.js';
import { evenTopology, parseTopology, type Topology } from './topology.js';
import { HashRing } from './hash-ring.js';
import { SLOT_COUNT, slotOf } from './slot.js';

/** Any valid topology: up to 40 cuts through the ring, each piece to any of up to 9 shards. */
const anyTopology = fc
  .record({
    shardCount: fc.integer({ min: 1, max: 9 }),
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: SLOT_COUNT - 1 }), { maxLength: 40 }),
    owners: fc.array(fc.nat(), { minLength: 41, maxLength: 41 }),
  })
  .map(({ shardCount, cuts, owners }): Topology => {
    const starts = [0, ...cuts.sort((a, b) => a - b)];
    return parseTopology({
      epoch: 1,
      hashId: 'md5-14',
      shards: Array.from({ length: shardCount }, (_, i) => ({
        name: `shard-${i}`,
        state: 'active',
        weight: 1,
      })),
      slots: starts.map((from, i) => ({
        from,
        to: (starts[i + 1] ?? SLOT_COUNT) - 1,
        shard: `shard-${owners[i]! % shardCount}`,
      })),
    });
  });

const shardNames = (count: number) => Array.from({ length: count }, (_, i) => `shard-${i}`);

describe('HashRing', () => {
  it('finds by flat table what the binary search over tokens finds', () => {
    fc.assert(
      fc.property(anyTopology, fc.array(fc.string({ minLength: 1, maxLength: 60 })), (topology, keys) => {
        const ring = new HashRing(topology);
        const reference = new TokenRing(topology);
        for (const key of keys) expect(ring.locate(key)).toEqual(reference.locate(key));
      }),
    );
  });

  it('gives every slot the one owner the topology names', () => {
    fc.assert(
      fc.property(anyTopology, (topology) => {
        const ring = new HashRing(topology);
        for (const { from, to, shard } of topology.slots) {
          for (let slot = from; slot <= to; slot++)
            if (ring.ownerOf(slot) !== shard) expect.fail(`slot ${slot}`);
        }
        expect([...ring.ownership().values()].reduce((a, b) => a + b)).toBe(SLOT_COUNT);
      }),
    );
  });

  it('shares slots evenly: largest to smallest at most 1.01, at least 150 each', () => {
    for (let count = 1; count <= 109; count++) {
      const owned = [...new HashRing(evenTopology(shardNames(count))).ownership().values()];
      expect(owned).toHaveLength(count);
      expect(Math.max(...owned) / Math.min(...owned)).toBeLessThanOrEqual(1.01);
      expect(Math.min(...owned)).toBeGreaterThanOrEqual(150);
    }
  });

  it('puts a key in its slot, and 100,000 sequential ids within 5 % of even on four shards', () => {
    const ring = new HashRing(evenTopology(shardNames(4)));
    const counts = new Map<string, number>();
    for (let id = 0n; id < 100_000n; id++) {
      const key = (377_487_360_000_000_000n + id).toString();
      const { slot, shard } = ring.locate(key);
      if (slot !== slotOf(key)) expect.fail(key);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(Math.max(...counts.values()) / Math.min(...counts.values())).toBeLessThan(1.05);
  });

  it('lists only shards that own something, and refuses slots outside the ring', () => {
    const ring = new HashRing({
      ...evenTopology(['a']),
      shards: [
        { name: 'empty', state: 'active', weight: 1 },
        { name: 'a', state: 'active', weight: 1 },
      ],
    });
    expect(ring.shards).toEqual(['a']);
    expect(ring.ownership()).toEqual(new Map([['empty', 0], ['a', SLOT_COUNT]])); // prettier-ignore
    expect(() => ring.ownerOf(SLOT_COUNT)).toThrow(RangeError);
    expect(() => ring.ownerOf(-1)).toThrow(RangeError);
  });
});
