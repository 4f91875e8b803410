import {
  CurrentTopology,
  evenTopology,
  ShardRouter,
  type SqlExecutor,
  TopologyStore,
} from '@fourfold/sharding';
import { fenceShards, migrateShards, ShardRegistry } from '@fourfold/sharding/operating';
import { databaseUrl, shardDatabase } from '@fourfold-tools/stack';
import { shardMigrations } from '@fourfold-tools/migrate';
import { shardEntities } from '@shop/composition';
import type { EntityManager } from 'typeorm';
import type { BenchOptions } from './bench-options.js';
import { type OwnServers, startOwn } from './bench-servers.js';
import { latencyRatio, measure, ratio } from './measure.js';
import { timesRow, verdict } from './report.js';

const SHARD = 'shard-0';
const USERS = 1_000;
const CONCURRENCY = 16;
/** Of the rate without fences. One round trip of six, and a lock that no other writer waits for. */
const LEAST_RATE = 0.9;

/** What `ChangeUser` sends. */
const LOCK = 'SELECT id, version FROM users WHERE id = ? FOR UPDATE';
const UPDATE = 'UPDATE users SET name = ?, version = version + 1 WHERE id = ?';
const OWE = `
  INSERT INTO owed_user_invalidations (user_id, version) VALUES (?, ?)
  ON DUPLICATE KEY UPDATE version = VALUES(version)`;

export interface BenchShard extends OwnServers {
  url: string;
}

/** One shard with 1,000 users, which owns every slot. */
export function startShard(repoRoot: string): Promise<BenchShard> {
  return startOwn(repoRoot, ['shard'], async (options) => {
    const urls = { [SHARD]: databaseUrl(options, SHARD, 'migrate', shardDatabase) };
    await migrateShards(urls, shardMigrations);
    await fenceShards(urls, evenTopology([SHARD]));
    return { url: databaseUrl(options, SHARD, 'app', shardDatabase) };
  });
}

/** A change of a user with the fence of its slot, beside the same without. Resolves with whether the bound holds. */
export async function benchFence({ url }: BenchShard, options: BenchOptions): Promise<boolean> {
  const registry = new ShardRegistry({ [SHARD]: url }, { entities: shardEntities });
  const rows = [{ epoch: 1, document: evenTopology([SHARD]) }];
  const topology = await CurrentTopology.load(new TopologyStore({ query: async () => rows } as SqlExecutor));
  registry.follow(topology);
  const router = new ShardRouter(topology, registry);
  await registry.transaction(SHARD, (manager) =>
    manager.query('INSERT INTO users (id, name, email, created_at) VALUES ?', [
      Array.from({ length: USERS }, (_, index) => [index + 1, 'Ada', `${index}@example.com`, new Date()]),
    ]),
  );
  let next = 0;
  const nextId = () => String(((next += 1) % USERS) + 1);
  const change = (id: string) => async (manager: EntityManager) => {
    await manager.query(LOCK, [id]);
    await manager.query(UPDATE, [`Ada ${next}`, id]);
    await manager.query(OWE, [id, next]);
  };
  const plain = { name: 'without', once: () => write((id) => registry.transaction(SHARD, change(id))) };
  const fenced = {
    name: 'with its fence',
    once: () => write((id) => router.write(id, change(id))),
  };
  const write = (work: (id: string) => Promise<void>) => work(nextId());
  const alone = await measure([plain, fenced], { ...options, concurrency: 1 });
  const busy = await measure([plain, fenced], { ...options, concurrency: CONCURRENCY });
  await registry.onApplicationShutdown();
  options.report('\nA change of a user, one at a time');
  for (const [name, rounds] of alone) options.report(timesRow(name, rounds, 'µs'));
  const latency = latencyRatio(alone.get(fenced.name)!, alone.get(plain.name)!);
  const rate = ratio(busy.get(fenced.name)!, busy.get(plain.name)!);
  const holds = rate >= LEAST_RATE;
  options.report(`with / without, one at a time: ${latency.toFixed(3)} times as long`);
  options.report(
    `with / without, ${CONCURRENCY} at once: ${rate.toFixed(3)} times as many a second (bound: at least ${LEAST_RATE}) ${verdict(holds)}`,
  );
  return holds;
}
