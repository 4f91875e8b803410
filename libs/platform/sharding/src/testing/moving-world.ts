import { type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { ShardRouter } from '../access/shard.router.js';
import { createWithSlot } from '../migrations/slot-column.js';
import type { FenceMode } from '../fence/fence.js';
import { ShardFences } from '../fence/shard.fences.js';
import { batchesOf, type MigrationPlan, type MoveBatch } from '../moving/migration-plan.js';
import type { MigrationOptions } from '../moving/migration.options.js';
import { MigrationRunner, type RunnerParts } from '../moving/migration.runner.js';
import { type MigrationTask, TaskStore } from '../moving/task.store.js';
import { HashRing } from '../ring/hash-ring.js';
import { SLOT_COUNT } from '../ring/slot.js';
import { evenTopology } from '../ring/topology.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { SharedTopology } from '../topology/shared-topology.js';
import { TopologyStore } from '../topology/topology.store.js';
import { type DatabaseServers, freshDatabase, openMain } from './mariadb.js';
import { movedEntities } from './moved-entities.js';
import type { MovingProcessOptions } from './moving.process.js';
import { fence } from './test-shards.js';

export const DONORS = ['shard-0', 'shard-1'] as const;
export const RECEIVER = 'shard-2';
/** Of the test's servers. */
const SERVERS = 4;
const suffix = 'ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/** Shards of a platform and an empty one more, with the main cluster that keeps topology and migrations. */
export class MovingWorld {
  private constructor(
    private readonly all: readonly string[],
    private readonly databases: TestDatabase[],
    readonly main: DataSource,
    readonly roots: ReadonlyMap<string, DataSource>,
    readonly registry: ShardRegistry,
    readonly topology: CurrentTopology,
    readonly store: TopologyStore,
    readonly router: ShardRouter,
  ) {}

  /**
   * @param donors default two; with four the empty shard is a database on the server of the first
   * @param servers of the test's own, where it hurts them
   */
  static async start(donors: number = DONORS.length, servers?: DatabaseServers): Promise<MovingWorld> {
    const all = Array.from({ length: donors + 1 }, (_, index) => `shard-${index}`);
    const primary = await freshDatabase('primary', servers);
    const shards = await Promise.all(
      all.map((_, index) => freshDatabase(`shard-${index % SERVERS}`, servers)),
    );
    const main = await openMain(primary);
    const store = new TopologyStore(main);
    const first = await store.initialise(all.slice(0, donors));
    const roots = new Map<string, DataSource>();
    for (const [index, database] of shards.entries()) {
      const root = await new DataSource({ type: 'mysql', url: database.rootUrl }).initialize();
      roots.set(all[index]!, root);
      await createTables(root);
      await fence(root, all[index]!, evenTopology(all.slice(0, donors)));
    }
    const urls = Object.fromEntries(shards.map(({ appUrl }, index) => [all[index]!, appUrl]));
    const registry = new ShardRegistry(urls, {
      engine: testEngine,
      entities: movedEntities,
      operationTimeoutMs: 10_000,
    });
    const topology = await CurrentTopology.load({ current: async () => first } as TopologyStore);
    const lookUp = () =>
      store.current().then(
        (current) => void topology.adopt(current),
        () => {},
      );
    const router = new ShardRouter(topology, registry, undefined, lookUp);
    return new MovingWorld(all, [primary, ...shards], main, roots, registry, topology, store, router);
  }

  /** The shard that is empty at first. */
  get receiver(): string {
    return this.all.at(-1)!;
  }

  /** What an operator would have planned: the empty shard gets its share of slots that have rows. */
  async plan(batchCount = Infinity): Promise<{ plan: MigrationPlan; rowsTotal: number }> {
    const { moves } = new HashRing(this.topology.topology).plan({
      kind: 'add',
      shard: this.receiver,
      weight: 1,
    });
    const counts = new Array<number>(SLOT_COUNT).fill(0);
    for (const root of this.roots.values())
      for (const table of ['member', 'address', 'visit']) {
        const sql = `SELECT slot, COUNT(*) AS found FROM ${table} GROUP BY slot`;
        for (const { slot, found } of await root.query<{ slot: number; found: string }[]>(sql))
          counts[slot]! += Number(found);
      }
    const batches = batchesOf(moves, counts).slice(0, batchCount);
    const rowsTotal = batches.reduce(
      (sum, { from, to }) => sum + counts.slice(from, to + 1).reduce((a, b) => a + b, 0),
      0,
    );
    return { plan: { batches, weight: 1 }, rowsTotal };
  }

  /** As the application has them. */
  urls(): Record<string, string> {
    return Object.fromEntries(this.databases.slice(1).map(({ appUrl }, index) => [this.all[index]!, appUrl]));
  }

  /** What a process of its own needs to have the same shards. */
  get ofProcess(): MovingProcessOptions {
    return { databaseUrl: this.databases[0]!.appUrl, shards: this.urls(), engine: testEngine };
  }

  tasks(leaseMs?: number): TaskStore {
    return new TaskStore(this.main, leaseMs);
  }

  async begin(batchCount?: number): Promise<MigrationTask> {
    return this.tasks().create({ kind: 'add', shard: this.receiver, ...(await this.plan(batchCount)) });
  }

  /** A coordinator, of which a test may have several. */
  runner(options: MigrationOptions = {}, parts: Partial<RunnerParts> = {}): MigrationRunner {
    const shared = new SharedTopology(this.store, this.topology);
    const own = { tasks: this.tasks(), registry: this.registry, store: this.store, shared };
    const quick = { announceMs: 0, reverseMs: 0, retryMs: 20, freezeMs: 1_000, ...options };
    return new MigrationRunner({ ...own, ...parts }, quick);
  }

  /** The empty shard is in the topology, without slots. */
  async announceReceiver(): Promise<void> {
    const { topology } = this.topology;
    const shards = [...topology.shards, { name: this.receiver, state: 'active' as const, weight: 1 }];
    this.topology.adopt(await this.store.publish({ ...topology, epoch: topology.epoch + 1, shards }));
  }

  /** Whether the fences of all slots say that the receiver has them, or the donor, and write plainly. */
  async fencesOf(batches: readonly MoveBatch[]): Promise<string> {
    const fences = new ShardFences(this.registry);
    const says = new Set<string>();
    for (const batch of batches) {
      for (const [side, shard] of [
        ['donor', batch.donor],
        ['receiver', batch.receiver],
      ] as const)
        for (const { mode } of await fences.read(shard, batch)) says.add(`${side} ${mode}`);
    }
    const all = [...says].sort().join(', ');
    const known = { 'donor foreign, receiver open': 'moved', 'donor open, receiver foreign': 'back' };
    return known[all as keyof typeof known] ?? all;
  }

  /** Whether a transaction on the shard waits for a lock. The server renews the table once it was not read for 0.1 s. */
  async isWaiting(shard: string): Promise<boolean> {
    const sql = "SELECT COUNT(*) AS found FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    const [row] = await this.roots.get(shard)!.query<{ found: string }[]>(sql);
    return Number(row!.found) > 0;
  }

  /** What the fences of all slots of the batches are on one shard, each mode once. */
  async modesOf(shard: string, batches: readonly MoveBatch[]): Promise<FenceMode[]> {
    const fences = new ShardFences(this.registry);
    const own = batches.filter(({ donor, receiver }) => shard === donor || shard === receiver);
    const read = await Promise.all(own.map((batch) => fences.read(shard, batch)));
    return [...new Set(read.flat().map(({ mode }) => mode))];
  }

  /** The rows of a table, by the shards that have them. */
  async rowsOf(
    table: string,
    shards: readonly string[] = this.all,
  ): Promise<Map<string, Record<string, unknown>[]>> {
    const found = new Map<string, Record<string, unknown>[]>();
    for (const shard of shards)
      found.set(shard, await this.roots.get(shard)!.query(`SELECT * FROM ${table}`));
    return found;
  }

  async stop(): Promise<void> {
    await this.registry.onApplicationShutdown();
    await Promise.all([this.main, ...this.roots.values()].map((source) => source.destroy()));
    await Promise.all(this.databases.map((database) => database.drop()));
  }
}

async function createTables(root: DataSource): Promise<void> {
  const runner = root.createQueryRunner();
  await createWithSlot(
    runner,
    { table: 'member', key: 'id' },
    (slot) => `CREATE TABLE member (
      id BIGINT UNSIGNED NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL, seen_at DATETIME(3) NOT NULL, ${slot},
      KEY member_slot (slot, id)) ${suffix}`,
  );
  await createWithSlot(
    runner,
    { table: 'address', key: 'address' },
    (slot) => `CREATE TABLE address (
      address VARCHAR(100) NOT NULL PRIMARY KEY, member_id BIGINT UNSIGNED NOT NULL, ${slot},
      KEY address_slot (slot, address)) ${suffix}`,
  );
  await createWithSlot(
    runner,
    { table: 'visit', key: 'member_id' },
    (slot) => `CREATE TABLE visit (
      member_id BIGINT UNSIGNED NOT NULL, id BIGINT UNSIGNED NOT NULL, place VARCHAR(100) NULL, ${slot},
      PRIMARY KEY (member_id, id), KEY visit_slot (slot, member_id, id)) ${suffix}`,
  );
  await runner.release();
}
