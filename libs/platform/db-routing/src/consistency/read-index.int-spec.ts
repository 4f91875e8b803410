import { eventually, testEngine } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { dialectOf } from '../engine/dialect-of.js';
import { DatabaseUnavailableError } from '../errors.js';
import { counted, OutageFixture } from '../testing/outage.fixture.js';
import { Note, readers, readingServer } from '../testing/routed-database.js';
import { consistencyState, usePrimary, useReadIndex, useReplica } from './consistency.context.js';

const replicaNames = ['replica-1', 'replica-2'] as const;
const COMMITS = 200;

let outage: OutageFixture;
beforeAll(async () => {
  outage = await OutageFixture.start();
});
afterAll(() => outage.dispose());
afterEach(async () => {
  await outage.cleanUp();
  for (const name of replicaNames) await outage.servers.startApplying(name);
});

/** A single heartbeat at its start, so that a replica that stands still does not age. */
const watch = (options: object = {}) =>
  outage.watch({ options: { primaryConnections: 16, ...options }, monitor: { beatIntervalMs: 60_000 } });
type Watched = Awaited<ReturnType<typeof watch>>;

/** As another process does, whose position is not known here. @returns whether a read sees it */
async function committed({ dataSource }: Watched): Promise<() => Promise<boolean>> {
  const notes = dataSource.getRepository(Note);
  const { generatedMaps } = await notes.insert({ text: 'committed' });
  return () => notes.existsBy({ id: String(generatedMaps[0]?.['id']) });
}

async function questions({ metrics }: Watched): Promise<number> {
  const { values } = await metrics.readIndexSeconds.get();
  return values
    .filter(({ metricName }) => metricName === 'db_read_index_seconds_count')
    .reduce((sum, { value }) => sum + value, 0);
}

async function stopped(...names: (typeof replicaNames)[number][]): Promise<void> {
  for (const name of replicaNames) await outage.servers.catchUp(name);
  for (const name of names) await outage.servers.stopApplying(name);
}

describe('work under the read index', () => {
  it('is answered by a replica that has all that was committed before, whichever else there is', async () => {
    const process = await watch({ consistency: { waitMs: 10_000 } });
    await stopped('replica-2');
    await committed(process);
    register.resetMetrics();
    expect(await useReadIndex(() => readers(process.dataSource, 30))).toEqual([outage.ids.replicas[0]]);
    expect(await counted('db_route_total')).toEqual({ 'replica-1 fresh': 30 });
    expect(await questions(process)).toBe(1);
  });

  it('is answered by the primary when no replica has it in time', async () => {
    const process = await watch({ consistency: { waitMs: 20 } });
    await stopped(...replicaNames);
    const seen = await committed(process);
    expect(await useReadIndex(seen)).toBe(true);
    expect(await counted('db_route_total')).toMatchObject({ 'primary not-fresh-in-time': 1 });
  });

  it('naive twin: with the position left out, it is answered by a replica that has it not', async () => {
    const process = await watch();
    vi.spyOn(process.cluster.readIndex, 'position').mockResolvedValue('');
    await stopped(...replicaNames);
    const seen = await committed(process);
    expect(await useReadIndex(seen)).toBe(false);
  });

  it('asks one question for all that wait, and none for what the primary answers anyway', async () => {
    const process = await watch();
    await Promise.all(
      Array.from({ length: 50 }, () => useReadIndex(() => readingServer(process.dataSource))),
    );
    // What came first goes alone, or with those of its own turn.
    expect(await questions(process)).toBeLessThanOrEqual(2);
    register.resetMetrics();
    const { dataSource } = process;
    await useReadIndex(() => usePrimary(() => readingServer(dataSource)));
    await useReadIndex(() => useReplica(() => readingServer(dataSource)));
    await process.readYourWrites.isolate(() =>
      dataSource.transaction(() => useReadIndex(() => readingServer(dataSource))),
    );
    expect(await questions(process)).toBe(0);
  });

  it('is answered by the primary, unasked, where no replica is left, more at once than other reads', async () => {
    const process = await watch({ fallbackReads: 1, mostWaiting: 1, primaryConnections: 4 });
    const { dataSource, inRotation } = process;
    for (const name of replicaNames) {
      outage.afterTest(() => outage.servers.start(name));
      await outage.servers.kill(name);
    }
    await eventually(() => inRotation().length === 0);
    register.resetMetrics();
    const reads = Array.from({ length: 4 }, () => useReadIndex(() => readingServer(dataSource)));
    expect(new Set(await Promise.all(reads))).toEqual(new Set([outage.ids.primary]));
    expect(await questions(process)).toBe(0);
  });

  it('while the primary is away, goes to a replica that may miss something if it may, and else fails', async () => {
    const process = await watch({ replicaConnections: 16 });
    const { servers, ids } = outage;
    outage.afterTest(() => servers.start('primary'));
    const orReplica = vi.fn();
    const read = () => useReadIndex(() => readingServer(process.dataSource), { orReplica });
    expect(ids.replicas).toContain(await read());
    expect(orReplica).not.toHaveBeenCalled();
    await servers.kill('primary');

    const answered = await Promise.all(Array.from({ length: 20 }, read));
    expect(ids.replicas).toEqual(expect.arrayContaining(answered));
    expect(orReplica).toHaveBeenCalledTimes(20);
    await expect(useReadIndex(() => readingServer(process.dataSource))).rejects.toThrow(
      DatabaseUnavailableError,
    );
    await servers.start('primary');
    await eventually(async () => {
      orReplica.mockClear();
      expect(ids.replicas).toContain(await read());
      expect(orReplica).not.toHaveBeenCalled();
    });
  });
});

it(`the primary's position has each of ${COMMITS} commits, of 16 at once, as soon as its writer knows of it`, async () => {
  const process = await watch();
  const dialect = dialectOf(testEngine);
  const missing: string[] = [];
  const lane = async () => {
    for (let commit = 0; commit < COMMITS / 16; commit += 1)
      await process.readYourWrites.isolate(async () => {
        await process.dataSource.getRepository(Note).insert({ text: 'acknowledged' });
        const own = consistencyState().scope!.freshness.position;
        expect(own).not.toBe('');
        const position = await process.cluster.readIndex.position();
        if (!dialect.covers(position, own)) missing.push(`${own} is not in ${position}`);
      });
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  expect(missing).toEqual([]);
});
