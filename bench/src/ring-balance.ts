import { composeSnowflake, evenTopology, HashRing } from '@fourfold/sharding';
import NpmHashRing from 'hashring';
import { md5Token, VnodeRing } from './vnode-ring.js';

/** What a ring did with all keys before and after one more shard came. */
export interface Balance {
  ring: string;
  shards: number;
  /** Keys on the fullest shard, to keys on the emptiest. */
  unevenness: number;
  /** Part of the keys that changed their shard, 0–1. */
  moved: number;
}

/** From a key, by its number among all, to its shard, by its number in the ring. */
type Locate = (key: number) => number;

/** Ids as the platform issues them: 16 processes, some thousand a second. */
export function idOf(key: number): string {
  return composeSnowflake({
    timeMs: 1_770_000_000_000 + (key >> 2),
    workerId: key & 15,
    sequence: key & 4_095,
  });
}

export class BalanceBench {
  /** Most rings place the same MD5 of a key: it is computed once. */
  private readonly tokens: Uint32Array;

  constructor(private readonly keys: number) {
    this.tokens = Uint32Array.from({ length: keys }, (_, key) => md5Token(idOf(key)));
  }

  *run(shards: number): Generator<Balance> {
    for (const ring of ['fourfold', 'MD5 ring, 150 vnodes', 'npm hashring'] as const) {
      const [before, after] = this.pair(ring, shards);
      yield { ring, shards, ...compare(this.keys, shards, before, after) };
    }
  }

  private pair(ring: string, count: number): [Locate, Locate] {
    const all = Array.from({ length: count + 1 }, (_, index) => `shard-${index}`);
    const few = all.slice(0, count);
    if (ring === 'MD5 ring, 150 vnodes') {
      const rings = [new VnodeRing(few), new VnodeRing(all)] as const;
      return [(key) => rings[0].ownerAt(this.tokens[key]!), (key) => rings[1].ownerAt(this.tokens[key]!)];
    }
    const numbers = new Map(all.map((name, index) => [name, index]));
    if (ring === 'npm hashring') {
      const rings = [new NpmHashRing(few), new NpmHashRing(all)] as const;
      return [(key) => numbers.get(rings[0].get(idOf(key)))!, (key) => numbers.get(rings[1].get(idOf(key)))!];
    }
    const before = new HashRing(evenTopology(few));
    const after = new HashRing(before.plan({ kind: 'add', shard: `shard-${count}` }).topology);
    return [
      (key) => numbers.get(before.locate(idOf(key)).shard)!,
      (key) => numbers.get(after.locate(idOf(key)).shard)!,
    ];
  }
}

function compare(
  keys: number,
  shards: number,
  before: Locate,
  after: Locate,
): Omit<Balance, 'ring' | 'shards'> {
  const counts = new Uint32Array(shards);
  let moved = 0;
  for (let key = 0; key < keys; key++) {
    const owner = before(key);
    counts[owner]! += 1;
    if (after(key) !== owner) moved += 1;
  }
  return { unevenness: Math.max(...counts) / Math.min(...counts), moved: moved / keys };
}
