import { describe, expect, it } from 'vitest';
import { evenTopology, InvalidTopologyError, parseTopology } from './topology.js';

const four = evenTopology(['shard-0', 'shard-1', 'shard-2', 'shard-3']);
const [s0, s1, s2, s3] = four.slots;

describe('parseTopology', () => {
  it('reads what evenTopology writes, as JSON text and as an object', () => {
    expect(parseTopology(JSON.stringify(four))).toEqual(four);
    expect(parseTopology(four)).toEqual(four);
    expect(four.slots).toEqual([
      { from: 0, to: 4_095, shard: 'shard-0' },
      { from: 4_096, to: 8_191, shard: 'shard-1' },
      { from: 8_192, to: 12_287, shard: 'shard-2' },
      { from: 12_288, to: 16_383, shard: 'shard-3' },
    ]);
  });

  it.each([
    ['a gap', { ...four, slots: [s0, s2, s3] }, /slots 4096–8191 have no owner/],
    ['a gap at the end', { ...four, slots: [s0, s1, s2] }, /slots 12288–16383 have no owner/],
    ['a double owner', { ...four, slots: [s0, { ...s1, from: 4_000 }, s2, s3] }, /slot 4000 has two owners/],
    ['a run inside another', { ...four, slots: [{ ...s0, to: 16_383 }, s1] }, /slot 4096 has two owners/],
    [
      'an unknown shard',
      { ...four, slots: [s0, s1, s2, { ...s3, shard: 'shard-9' }] },
      /shard-9 is not among/,
    ],
    [
      'a shard listed twice',
      { ...four, shards: [...four.shards, four.shards[0]] },
      /shard-0 is listed twice/,
    ],
    ['an unknown hash', { ...four, hashId: 'crc32' }, /hashId/],
    [
      'a run that ends before it begins',
      { ...four, slots: [{ ...s0, from: 9, to: 3 }, s1] },
      /before it begins/,
    ],
    ['a slot outside the ring', { ...four, slots: [s0, s1, s2, { ...s3, to: 16_384 }] }, /slots\.3\.to/],
    [
      'what only a later version understands',
      { ...four, requires: ['weighted-slots'] },
      /weighted-slots is of a later version/,
    ],
    [
      'a URL in place of a reference to one',
      { ...four, shards: [{ ...four.shards[0], url: 'mysql://a:b@c/d' }] },
      /shards\.0\.url/,
    ],
    [
      'a file outside of the folder of secrets',
      { ...four, shards: [{ ...four.shards[0], url: { file: '../passwd' } }] },
      /without a folder/,
    ],
    [
      'a migration to an unknown shard',
      { ...four, migrations: [{ from: 0, to: 9, donor: 'shard-0', receiver: 'shard-9' }] },
      /shard-9 is not among/,
    ],
    ['an epoch of zero', { ...four, epoch: 0 }, /epoch/],
    [
      'a name that is none',
      { ...four, shards: [{ name: 'Shard 0', state: 'active', weight: 1 }] },
      /shard name/,
    ],
    ['text that is not JSON', '{"epoch":', /not JSON/],
    ['nothing', undefined, /document/],
  ])('refuses %s', (_what, document, message) => {
    expect(() => parseTopology(document)).toThrow(InvalidTopologyError);
    expect(() => parseTopology(document)).toThrow(message);
  });

  it('carries fields of a later version along, in their order: documents are compared by their text', () => {
    const [first, ...rest] = four.shards;
    const later = { ...four, shards: [{ ...first, zone: 'b' }, ...rest], note: 'from a later version' };
    expect(JSON.stringify(parseTopology(JSON.stringify(later)))).toBe(JSON.stringify(later));
  });

  it('reads slots that are being moved, and where the URL of a shard is', () => {
    const shard = { name: 'shard-4', state: 'active', weight: 1, url: { file: 'shard-4' } };
    const migrations = [{ from: 0, to: 9, donor: 'shard-0', receiver: 'shard-4' }];
    const document = { ...four, shards: [...four.shards, shard], migrations };
    expect(parseTopology(document)).toEqual(document);
  });

  it('lists every fault with its place', () => {
    const parse = () => parseTopology({ ...four, slots: [s0, s2] });
    expect(parse).toThrow(
      expect.objectContaining({
        errors: [
          { path: 'slots.1', message: 'slots 4096–8191 have no owner' },
          { path: 'slots', message: 'slots 12288–16383 have no owner' },
        ],
      }),
    );
  });
});

describe('evenTopology', () => {
  it.each([[[]], [['a', 'a']], [Array.from({ length: 110 }, (_, i) => `s${i}`)]])('refuses %j', (names) => {
    expect(() => evenTopology(names)).toThrow(InvalidTopologyError);
  });
});
