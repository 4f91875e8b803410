import {
  consistencyState,
  createRoutedDataSource,
  dbRoutingMigrations,
  type RoutedDataSource,
  usePrimary,
  useReadIndex,
  withAffinity,
  WriteOnReadConnectionError,
} from '@fourfold/db-routing';
import {
  eventually,
  type ReplicaName,
  ReplicatedServers,
  type TestDatabase,
  testEngine,
} from '@fourfold-tools/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SqlExecutor } from '../sql-executor.js';
import { CurrentTopology, TOPOLOGY_TRUST_MS } from '../topology/current-topology.js';
import { evenTopology } from '../ring/topology.js';
import { TopologyStore } from '../topology/topology.store.js';
import type { ShardEntry } from './shard-connection.options.js';
import { ShardRegistry } from './shard.registry.js';
import { ReplicaThrottle } from '../moving/replica.throttle.js';
import { ShardRouter } from '../access/shard.router.js';
import { failureOf, fence } from '../testing/test-shards.js';

const KEY = 'any';
/** Quick to see what becomes of a replica. */
const health = { probeIntervalMs: 50, beatIntervalMs: 50 };
const tokenSecrets = ['a secret of at least 32 characters'];

let servers: ReplicatedServers;
let database: TestDatabase;
let main: RoutedDataSource;
const ids: Record<string, string> = {};
const registries: ShardRegistry[] = [];

beforeAll(async () => {
  servers = await ReplicatedServers.start();
  database = await servers.createDatabase();
  const migrating = await new DataSource({
    type: 'mysql',
    url: database.migrateUrl,
    migrations: dbRoutingMigrations,
  }).initialize();
  await migrating.runMigrations();
  await migrating.query('CREATE TABLE note (id INT PRIMARY KEY)');
  await fence(migrating, 'shard-0', evenTopology(['shard-0']));
  await migrating.destroy();
  for (const name of ['primary', 'replica-1', 'replica-2'] as const)
    ids[name] = String((await servers.ask(name, 'SELECT @@server_id AS id'))[0]!['id']);
  // The main cluster of the application, which hands out tokens; here it is a name for the same servers.
  main = createRoutedDataSource({
    primaryUrl: database.appUrl,
    replicas: [],
    engine: testEngine,
    consistency: { tokenSecrets },
  });
});
afterEach(() => Promise.all(registries.splice(0).map((registry) => registry.onApplicationShutdown())));
afterAll(async () => {
  await main.stop();
  await servers.dispose();
});

/** A process of its own, with a shard that has two replicas, both of them read. */
async function process(changes: Partial<Exclude<ShardEntry, string>> = {}): Promise<ShardRouter> {
  return (await routing(changes)).router;
}

async function routing(changes: Partial<Exclude<ShardEntry, string>> = {}) {
  const { appUrl: primaryUrl, readUrls: replicas } = database;
  const entry = { primaryUrl, replicas, health, engine: testEngine, ...changes };
  const registry = new ShardRegistry({ 'shard-0': entry }, { retryAfterMs: 200 });
  registries.push(registry);
  const rows = [{ epoch: 1, document: evenTopology(['shard-0']) }];
  const topology = await CurrentTopology.load(new TopologyStore({ query: async () => rows } as SqlExecutor));
  registry.follow(topology);
  const router = new ShardRouter(topology, registry);
  await eventually(async () => (await readers(router)).length === 2);
  return { router, topology, registry };
}

const serverOf = async (manager: EntityManager): Promise<string> => {
  const [row] = await manager.query<{ id: string }[]>('SELECT @@server_id AS id');
  return row!.id;
};

/** The servers that answer one of 20 reads, by name. */
async function readers(router: ShardRouter): Promise<string[]> {
  const names = Object.keys(ids);
  const seen = await Promise.all(Array.from({ length: 20 }, () => router.read(KEY, serverOf)));
  return [...new Set(seen.map((id) => names.find((name) => ids[name] === id)!))].sort();
}

let lastId = 0;
const write = async (router: ShardRouter): Promise<number> => {
  const id = (lastId += 1);
  await router.write(KEY, (manager) => manager.query('INSERT INTO note VALUES (?)', [id]));
  return id;
};
const sees = (router: ShardRouter, id: number): Promise<boolean> =>
  router.read(KEY, async (manager) => {
    const rows = await manager.query<unknown[]>('SELECT id FROM note WHERE id = ?', [id]);
    return rows.length === 1;
  });

async function whileNoneApplies(work: () => Promise<unknown>): Promise<void> {
  const replicas: ReplicaName[] = ['replica-1', 'replica-2'];
  for (const replica of replicas) await servers.stopApplying(replica);
  try {
    await work();
  } finally {
    for (const replica of replicas) await servers.startApplying(replica);
  }
}

describe('a shard that is a primary with replicas', () => {
  it('is read on its replicas, and on its primary by those who ask for it', async () => {
    const router = await process();
    expect(await readers(router)).toEqual(['replica-1', 'replica-2']);
    expect(await usePrimary(() => readers(router))).toEqual(['primary']);
  });

  it('is read on its primary alone by a process that does not know who owns its slots', async () => {
    const { router, topology } = await routing();
    topology.confirm(performance.now() - TOPOLOGY_TRUST_MS - 1);
    expect(await readers(router)).toEqual(['primary']);
    const { results } = await router.scatter(serverOf, { deadlineMs: 5_000 });
    expect(results).toEqual([{ shard: 'shard-0', value: ids['primary'] }]);
  });

  it('is read on its primary anew when that was not so until the rows came', async () => {
    const { router, topology } = await routing();
    const asked: string[] = [];
    const read = router.read(KEY, async (manager) => {
      asked.push(await serverOf(manager));
      topology.confirm(performance.now() - TOPOLOGY_TRUST_MS - 1);
      return asked.at(-1);
    });
    expect(await read).toBe(ids['primary']);
    expect(asked).toEqual([expect.not.stringMatching(`^${ids['primary']}$`), ids['primary']]);
  });

  it('is read on one and the same replica by those with an affinity', async () => {
    const router = await process();
    const homes = new Set<string>();
    for (let user = 1; user <= 20; user += 1) {
      const seen = await withAffinity(`user-${user}`, () => readers(router));
      expect(seen).toHaveLength(1);
      homes.add(seen[0]!);
    }
    expect([...homes].sort()).toEqual(['replica-1', 'replica-2']);
  });

  it('is written on its primary, reads in the transaction too, and a write for reads is not sent', async () => {
    const router = await process();
    expect(await router.write(KEY, serverOf)).toBe(ids['primary']);
    const failure = await failureOf(router.read(KEY, (manager) => manager.query('DELETE FROM note')));
    expect(failure).toBeInstanceOf(WriteOnReadConnectionError);
    expect(await router.scatter(serverOf, { deadlineMs: 5_000 })).toMatchObject({
      results: [{ value: expect.not.stringMatching(`^${ids['primary']}$`) }],
    });
  });

  it('naive: a read beside the scope of its write does not see it while no replica has it', async () => {
    const router = await process();
    await whileNoneApplies(async () => expect(await sees(router, await write(router))).toBe(false));
  });

  it('shows a caller its own write at once, and by its token in another process', async () => {
    const [router, other] = await Promise.all([process(), process()]);
    await whileNoneApplies(async () => {
      const { readYourWrites } = main;
      const [id, token] = await readYourWrites.isolate(async () => {
        const written = await write(router);
        expect(await sees(router, written)).toBe(true);
        expect(readYourWrites.mustSeeWrites()).toBe(true);
        return [written, readYourWrites.tokenOf(consistencyState().scope!)] as const;
      });
      expect(await readYourWrites.runFresh(token, () => sees(other, id))).toBe(true);
      expect(await sees(other, id)).toBe(false);
    });
  });

  it('is read under its own read index, as new as when the work began', async () => {
    const [router, other] = await Promise.all([process(), process()]);
    // One that is late is left out.
    await eventually(async () =>
      expect(await useReadIndex(() => readers(router))).toEqual(['replica-1', 'replica-2']),
    );
    await whileNoneApplies(async () => {
      const id = await write(other);
      expect(await sees(router, id)).toBe(false);
      expect(await useReadIndex(() => sees(router, id))).toBe(true);
    });
  });

  it('reads its own write on a replica once that has it', async () => {
    const router = await process();
    await main.readYourWrites.isolate(async () => {
      const id = await write(router);
      await eventually(async () => !(await readers(router)).includes('primary'));
      expect(await sees(router, id)).toBe(true);
    });
  });

  it('leaves a lagging replica alone until it has caught up', async () => {
    const router = await process({ lag: { ejectMs: 1_000, readmitMs: 500, unusableMs: 10_000 } });
    await servers.stopApplying('replica-1');
    await eventually(async () => expect(await readers(router)).toEqual(['replica-2']));
    await servers.startApplying('replica-1');
    await eventually(async () => expect(await readers(router)).toEqual(['replica-1', 'replica-2']));
  });

  it('holds rows of a migration back while one of its replicas is too far behind', async () => {
    const { registry } = await routing({ lag: { ejectMs: 1_000, readmitMs: 500, unusableMs: 10_000 } });
    const reasons: string[] = [];
    const throttle = new ReplicaThrottle({
      lagMsOf: (shard) => registry.replicaLagOf(shard),
      mostLagMs: 1_000,
      onWait: async (reason) => void reasons.push(reason),
      isHalted: async () => false,
      rest: async () => pause(50),
    });
    await throttle.wait(['shard-0', 'shard-9']);
    expect(reasons).toEqual([]);
    await servers.delay('replica-1', 3);
    try {
      await eventually(() => (registry.replicaLagOf('shard-0') ?? 0) > 1_500);
      let waits = true;
      const waiting = throttle.wait(['shard-0']).finally(() => (waits = false));
      await eventually(() => reasons.length === 1);
      expect(reasons[0]).toMatch(/^shard-0: its replicas are behind \(\d{4} ms, and 1000 ms are allowed\)/);
      expect(waits).toBe(true);
      await servers.delay('replica-1', 0);
      await waiting;
      expect(registry.replicaLagOf('shard-0')).toBeLessThanOrEqual(1_000);
    } finally {
      await servers.delay('replica-1', 0);
    }
  });

  it('reads on, without a failed read, while replicas are killed, and writes throughout', async () => {
    const router = await process();
    await servers.kill('replica-1');
    expect(await readers(router)).toEqual(['replica-2']);
    await servers.kill('replica-2');
    expect(await readers(router)).toEqual(['primary']);
    await write(router);
    await servers.start('replica-1');
    await servers.start('replica-2');
    await eventually(async () => expect(await readers(router)).toEqual(['replica-1', 'replica-2']));
  });

  it('reads on while its primary is away, and refuses writes at once', async () => {
    const router = await process();
    await servers.kill('primary');
    await eventually(async () => {
      expect(await failureOf(write(router))).toMatchObject({ fault: 'breaker', shard: 'shard-0' });
    });
    expect(await readers(router)).toEqual(['replica-1', 'replica-2']);
    await servers.start('primary');
    await eventually(() => write(router));
  });
});
