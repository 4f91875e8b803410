import { evenTopology, HashRing } from '@fourfold/sharding';
import NpmHashRing from 'hashring';
import type { BenchOptions } from './bench-options.js';
import { type Contender, measure, ratio } from './measure.js';
import { timesRow, verdict } from './report.js';
import { type Balance, BalanceBench, idOf } from './ring-balance.js';
import { VnodeRing } from './vnode-ring.js';

const KEYS = 10_000_000;
const SHARDS = [4, 8, 16];
const MOST_UNEVEN = 1.01;
/** Of the ideal share, which is one part in as many as there are shards afterwards. */
const MOST_MOVED = 1.01;
/** Times as fast as the ring of npm, which hashes by MD5 as well. */
const LEAST_SPEED_UP = 3;
const BATCH = 1_000;
/** More than hashring's cache holds, so that each look-up is a whole one. */
const DISTINCT = 200_000;

/** Evenness, moves and look-ups of the ring, beside the plain ring and npm's. Resolves with whether the bounds hold. */
export async function benchRing(options: BenchOptions): Promise<boolean> {
  const fast = await benchLookUp(options);
  const even = benchBalance(options);
  return fast && even;
}

async function benchLookUp(options: BenchOptions): Promise<boolean> {
  const names = Array.from({ length: 8 }, (_, index) => `shard-${index}`);
  const ids = Array.from({ length: DISTINCT }, (_, key) => idOf(key));
  const ring = new HashRing(evenTopology(names));
  const vnodes = new VnodeRing(names);
  // Its cache can't be switched off (a size of 0 throws): one entry is as good as none.
  const npm = new NpmHashRing(names, 'md5', { 'max cache size': 1 });
  const contenders = [
    contender('fourfold', ids, (id) => ring.locate(id).shard),
    contender('MD5 ring, 150 vnodes', ids, (id) => vnodes.locate(id)),
    contender('npm hashring, uncached', ids, (id) => npm.get(id)),
  ];
  const results = await measure(contenders, { ...options, concurrency: 1 });
  options.report(`\nFrom a key to the name of its shard, 8 shards, median of ${options.rounds} rounds`);
  for (const [name, rounds] of results) options.report(timesRow(name, rounds, 'ns'));
  const of = (name: string) => results.get(name) ?? [];
  const speedUp = ratio(of('fourfold'), of('npm hashring, uncached'));
  const holds = speedUp >= LEAST_SPEED_UP;
  options.report(
    `fourfold / npm hashring: ${speedUp.toFixed(1)} times as fast (bound: at least ${LEAST_SPEED_UP}) ${verdict(holds)}`,
  );
  return holds;
}

function contender(name: string, ids: readonly string[], locate: (id: string) => string): Contender {
  let next = 0;
  return {
    name,
    batch: BATCH,
    once: async () => {
      const from = next;
      next = (next + BATCH) % ids.length;
      for (let index = from; index < from + BATCH; index++) locate(ids[index]!);
    },
  };
}

function benchBalance({ report }: BenchOptions): boolean {
  report(
    `\n${KEYS.toLocaleString('en')} keys: fullest to emptiest shard, and what moves when one shard is added`,
  );
  const bench = new BalanceBench(KEYS);
  let holds = true;
  for (const shards of SHARDS) {
    for (const balance of bench.run(shards)) {
      const ours = balance.ring === 'fourfold';
      const good = keepsBounds(balance);
      holds &&= !ours || good;
      report(row(balance) + (ours ? `   ${verdict(good)}` : ''));
    }
  }
  report(`bounds: max/min ${MOST_UNEVEN}, moved ${MOST_MOVED} × ideal ${verdict(holds)}`);
  return holds;
}

function keepsBounds({ shards, unevenness, moved }: Balance): boolean {
  return unevenness <= MOST_UNEVEN && moved * (shards + 1) <= MOST_MOVED;
}

function row({ ring, shards, unevenness, moved }: Balance): string {
  const times = (moved * (shards + 1)).toFixed(3);
  return `  ${String(shards).padStart(2)} shards   ${ring.padEnd(22)} max/min ${unevenness.toFixed(3)}   moved ${(100 * moved).toFixed(2)} % (${times} × ideal)`;
}
