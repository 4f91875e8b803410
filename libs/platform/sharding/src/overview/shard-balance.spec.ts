import { describe, expect, it } from 'vitest';
import { evenTopology, type Topology } from '../ring/topology.js';
import { balanceRatio } from './shard-balance.js';

type Entry = Topology['shards'][number];
const [entry] = evenTopology(['a']).shards as [Entry];
const shard = (name: string, given: Partial<Entry> = {}): Entry => ({ ...entry, name, ...given });

describe('balanceRatio', () => {
  it.each<[string, Record<string, number>, Entry[], number | undefined]>([
    ['1 when all have the same', { a: 50, b: 50 }, [shard('a'), shard('b')], 1],
    ['the most over the fewest', { a: 150, b: 100, c: 120 }, [shard('a'), shard('b'), shard('c')], 1.5],
    ['by weight', { a: 300, b: 100 }, [shard('a', { weight: 3 }), shard('b')], 1],
    ['1 when no shard has any', { a: 0, b: 0 }, [shard('a'), shard('b')], 1],
    ['finite when one has none', { a: 500, b: 0 }, [shard('a'), shard('b')], 500],
    ['of those that are known', { a: 100, b: 50 }, [shard('a'), shard('b'), shard('c')], 2],
    [
      'not of one that is being emptied',
      { a: 100, b: 1 },
      [shard('a'), shard('b', { state: 'draining' })],
      1,
    ],
    ['nothing when nothing is known', {}, [shard('a')], undefined],
  ])('is %s', (_title, rows, shards, ratio) => {
    expect(balanceRatio(new Map(Object.entries(rows)), shards)).toBe(ratio);
  });
});
