import { FaultProxy, StallWatch, type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { DataSource, Entity, PrimaryColumn, Column } from 'typeorm';
import { freshDatabase } from './mariadb.js';
import type { HashRing } from '../ring/hash-ring.js';
import { CreateRingFence1764800000001 } from '../migrations/create-ring-fence.migration.js';
import { seedFences } from '../migrations/seed-fences.js';
import type { SqlExecutor } from '../sql-executor.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { TopologyStore } from '../topology/topology.store.js';
import type { ShardConnectionOptions } from '../routing/shard-connection.options.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { ShardRouter } from '../access/shard.router.js';
import { ShardUpkeep } from '../routing/shard.upkeep.js';
import { evenTopology } from '../ring/topology.js';

export const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;

/** A key that `ring` puts on `shard`. */
export function keyOn(ring: HashRing, shard: string): string {
  for (let id = 1; ; id++) if (ring.locate(String(id)).shard === shard) return String(id);
}

/** Keys that `ring` puts on `shard`, each of another slot. */
export function* keysOn(ring: HashRing, shard: string): Generator<string, never> {
  const seen = new Set<number>();
  for (let id = 1; ; id++) {
    const at = ring.locate(String(id));
    if (at.shard !== shard || seen.has(at.slot)) continue;
    seen.add(at.slot);
    yield String(id);
  }
}

/** A statement that every shard answers at once. To MySQL the literal is a number of 64 bits, which comes as text. */
export async function ping(manager: { query(sql: string): Promise<unknown> }): Promise<{ one: number }[]> {
  const rows = (await manager.query('SELECT 1 AS one')) as { one: unknown }[];
  return rows.map(({ one }) => ({ one: Number(one) }));
}

/** What `work` rejects with; undefined when it does not. */
export function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** One statement on every shard, whatever the keys. */
export async function everywhere(registry: ShardRegistry, statement: string): Promise<void> {
  await Promise.all(registry.names.map((shard) => registry.run(shard, (runner) => runner.query(statement))));
}

/** What `work` rejects with before anything else has its turn: without a word to a server, or a timer. */
export function failureAtOnce(work: Promise<unknown>): Promise<unknown> {
  const nextTurn = new Promise((resolve) => setImmediate(resolve, 'still waiting in the next turn'));
  return Promise.race([failureOf(work), nextTurn]);
}

/** Without the time that this process stood still. */
export async function timed(work: Promise<unknown>): Promise<{ ms: number; error: unknown }> {
  const stalls = new StallWatch().start();
  const startedMs = performance.now();
  const error = await failureOf(work);
  const endedMs = performance.now();
  await stalls.stop();
  return { ms: endedMs - startedMs - stalls.between(startedMs, endedMs), error };
}

/** As `npm run migrate` leaves a shard. */
export async function fence(root: DataSource, shard: string, topology = evenTopology(SHARDS)): Promise<void> {
  const runner = root.createQueryRunner();
  await new CreateRingFence1764800000001().up(runner);
  await runner.release();
  await seedFences(root, shard, topology);
}

@Entity('account')
export class Account {
  @PrimaryColumn({ type: 'bigint', unsigned: true })
  id!: string;

  @Column({ type: 'int' })
  balance!: number;
}

/** Four real shards with an `account` table, each behind an address that a test can cut off. */
export class TestShards {
  readonly proxies = new Map<string, FaultProxy>();
  private readonly databases: TestDatabase[] = [];
  private readonly registries: ShardRegistry[] = [];

  /** @param tables statements that make more tables on each shard */
  static async start(tables: readonly string[] = []): Promise<TestShards> {
    const shards = new TestShards();
    for (const shard of SHARDS) {
      const database = await freshDatabase(shard);
      shards.databases.push(database);
      const root = await new DataSource({ type: 'mysql', url: database.rootUrl }).initialize();
      const account = 'CREATE TABLE account (id BIGINT UNSIGNED PRIMARY KEY, balance INT NOT NULL)';
      for (const statement of [account, ...tables]) await root.query(statement);
      await fence(root, shard);
      await root.destroy();
      shards.proxies.set(shard, await new FaultProxy(database.appUrl).open());
    }
    return shards;
  }

  get urls(): Record<string, string> {
    return Object.fromEntries(Array.from(this.proxies, ([shard, proxy]) => [shard, proxy.url]));
  }

  proxy(shard: string): FaultProxy {
    return this.proxies.get(shard)!;
  }

  /** The shard's address leads to the shard again, after a `moveTo` of its proxy. */
  heal(shard: (typeof SHARDS)[number]): void {
    this.proxy(shard).moveTo(this.databases[SHARDS.indexOf(shard)]!.appUrl);
  }

  /** A process of its own, as far as pools go. */
  async router(options: Partial<ShardConnectionOptions> = {}): Promise<{
    router: ShardRouter;
    upkeep: ShardUpkeep;
    registry: ShardRegistry;
    topology: CurrentTopology;
  }> {
    const registry = new ShardRegistry(this.urls, { engine: testEngine, entities: [Account], ...options });
    this.registries.push(registry);
    const rows = [{ epoch: 1, document: evenTopology(SHARDS) }];
    const main = { query: async () => rows } as SqlExecutor;
    const topology = await CurrentTopology.load(new TopologyStore(main));
    registry.follow(topology);
    const upkeep = new ShardUpkeep(topology, registry);
    return { router: new ShardRouter(topology, registry), upkeep, registry, topology };
  }

  async stop(): Promise<void> {
    for (const proxy of this.proxies.values()) await proxy.open();
    await Promise.all(this.registries.map((registry) => registry.onApplicationShutdown()));
    await Promise.all(Array.from(this.proxies.values(), (proxy) => proxy.close()));
    await Promise.all(this.databases.map((database) => database.drop()));
  }
}
