import { ManualClock } from '@fourfold/kernel';
import { eventually, gate, testEngine } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dialectOf } from '../engine/dialect-of.js';
import { counted, OutageFixture } from '../testing/outage.fixture.js';
import { Note, readers, readingServer } from '../testing/routed-database.js';
import { runInScope } from './consistency.context.js';
import type { ConsistencyScope } from './consistency.scope.js';

/** As long as a read waits for a replica, unless told otherwise. */
const WAIT_MS = 150;
const TRANSACTIONS = 20;
const READS = 100;
const replicaNames = ['replica-1', 'replica-2'] as const;

let outage: OutageFixture;
beforeAll(async () => {
  outage = await OutageFixture.start();
});
afterAll(() => outage.dispose());
afterEach(async () => {
  await outage.cleanUp();
  for (const name of replicaNames) await outage.servers.startApplying(name);
});

/** One process; a single heartbeat at its start, so that a replica that stands still does not age. */
const watch = (options: object = {}) =>
  outage.watch({
    options: { primaryConnections: 24, consistency: { windowMs: 0 }, ...options },
    monitor: { beatIntervalMs: 60_000 },
    wallClock: new ManualClock(Date.now()),
  });
type Watched = Awaited<ReturnType<typeof watch>>;

function request<T>(process: Watched, work: (scope: ConsistencyScope) => Promise<T>): Promise<T> {
  const scope = process.readYourWrites.scopeOf(undefined, undefined);
  return runInScope(scope, () => work(scope));
}

const write = ({ dataSource }: Watched) => dataSource.getRepository(Note).insert({ text: 'written' });

async function committedOnPrimary(): Promise<string> {
  const [row] = await outage.servers.ask('primary', dialectOf(testEngine).committedQuery);
  return String(row?.['position']);
}

async function caughtUp(): Promise<void> {
  for (const name of replicaNames) await outage.servers.catchUp(name);
}

describe('concurrent commits in one request', () => {
  it('the token covers all of 20 that run at once: it stands where the primary is', async () => {
    const process = await watch();
    const allAreOpen = gate();
    let open = 0;
    await request(process, async (scope) => {
      const before = await committedOnPrimary();
      await Promise.all(
        Array.from({ length: TRANSACTIONS }, (_, index) =>
          process.dataSource.transaction(async (manager) => {
            await manager.insert(Note, { text: `one of ${index}` });
            if ((open += 1) === TRANSACTIONS) allAreOpen.open();
            await allAreOpen.passed;
            await manager.insert(Note, { text: `two of ${index}` });
          }),
        ),
      );
      const after = await committedOnPrimary();
      const { position, primaryUntilMs } = scope.freshness;
      expect(primaryUntilMs).toBe(0);
      // On MySQL it is these transactions alone, on MariaDB all up to the newest.
      const dialect = dialectOf(testEngine);
      expect(dialect.merge(before, position)).toBe(after);
      const sequence = (gtids: string) => Number(/\d+$/.exec(gtids)?.[0]);
      expect(sequence(after) - sequence(before)).toBe(TRANSACTIONS);
      expect(scope.transactions).toBe(0);
    });
  });
});

describe('a read after a write', () => {
  it('goes to the replica that has caught up, whichever else there is', async () => {
    const process = await watch({ consistency: { windowMs: 0, waitMs: 10_000 } });
    await caughtUp();
    await outage.servers.stopApplying('replica-2');
    await request(process, async () => {
      await write(process);
      expect(await readers(process.dataSource, 30)).toEqual([outage.ids.replicas[0]]);
    });
    expect(await counted('db_route_total')).toEqual({ 'primary write': 1, 'replica-1 fresh': 30 });
    const others = await readers(process.dataSource, 30);
    expect(others).toEqual([...outage.ids.replicas].sort());
  });

  it('waits for a replica that is about to have it', async () => {
    const process = await watch({ consistency: { windowMs: 0, waitMs: 5_000 } });
    await caughtUp();
    for (const name of replicaNames) await outage.servers.stopApplying(name);
    await request(process, async () => {
      await write(process);
      const reading = readingServer(process.dataSource);
      await outage.servers.startApplying('replica-1');
      expect(await reading).toBe(outage.ids.replicas[0]);
    });
    expect(await counted('db_route_total')).toEqual({ 'primary write': 1, 'replica-1 fresh': 1 });
  });

  it('goes to the primary when no replica has it within 150 ms', async () => {
    const process = await watch();
    await caughtUp();
    for (const name of replicaNames) await outage.servers.stopApplying(name);
    await request(process, async () => {
      await write(process);
      const startedMs = performance.now();
      expect(await readingServer(process.dataSource)).toBe(outage.ids.primary);
      expect(performance.now() - startedMs).toBeGreaterThan(WAIT_MS - 10);
    });
    expect(await counted('db_route_total')).toEqual({ 'primary write': 1, 'primary not-fresh-in-time': 1 });
  });

  it('naive twin: without a scope it finds a replica that has not', async () => {
    const process = await watch();
    await caughtUp();
    for (const name of replicaNames) await outage.servers.stopApplying(name);
    const { generatedMaps } = await write(process);
    const found = await process.dataSource
      .getRepository(Note)
      .findOneBy({ id: String(generatedMaps[0]?.['id']) });
    expect(found).toBeNull();
  });

  it(`of ${READS} at once, there is one wait on each replica at a time`, async () => {
    const process = await watch({
      replicaConnections: READS,
      consistency: { windowMs: 0, waitMs: 10_000 },
    });
    await caughtUp();
    // Their connections are there: making so many at once takes a busy machine longer than a read may wait for its own,
    // and a replica that was suspected meanwhile is back.
    const isReady = ({ pool, health }: (typeof process.cluster.replicaNodes)[number]) =>
      pool.stats.idle === READS && health.inRotation && health.weight(performance.now()) === 1;
    await eventually(
      async () => {
        await Promise.allSettled(Array.from({ length: 2 * READS }, () => readingServer(process.dataSource)));
        return process.cluster.replicaNodes.every(isReady);
      },
      { deadlineMs: 60_000 },
    );
    register.resetMetrics();
    for (const name of replicaNames) await outage.servers.stopApplying(name);
    const waits = async (name: (typeof replicaNames)[number]) => {
      const [row] = await outage.servers.ask(
        name,
        "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE INFO RLIKE '^SELECT (MASTER_GTID_WAIT|WAIT_FOR_EXECUTED_GTID_SET)'",
      );
      return Number(row?.['n']);
    };
    await request(process, async () => {
      await write(process);
      const reads = Promise.all(Array.from({ length: READS }, () => readingServer(process.dataSource)));
      for (const name of replicaNames) {
        const seen: number[] = [];
        // Between two slices of a wait there is none.
        await eventually(async () => seen.push(await waits(name)) >= 3 && seen.includes(1));
        expect(Math.max(...seen)).toBe(1);
      }
      for (const name of replicaNames) await outage.servers.startApplying(name);
      expect(outage.ids.replicas).toEqual(expect.arrayContaining([...new Set(await reads)]));
    });
    const { 'primary write': writes, ...fresh } = await counted('db_route_total');
    expect(writes).toBe(1);
    expect(Object.keys(fresh).every((route) => route.endsWith(' fresh'))).toBe(true);
    expect(Object.values(fresh).reduce((sum, count) => sum + count)).toBe(READS);
    await eventually(async () => (await waits('replica-1')) + (await waits('replica-2')) === 0);
  });
});
