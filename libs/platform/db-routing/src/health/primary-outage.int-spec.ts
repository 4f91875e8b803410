import { eventually, fullRun, OpenLoop, StallWatch, testEngine } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { usePrimary } from '../consistency/consistency.context.js';
import { completeOptions } from '../db-routing.options.js';
import { isConnectionError } from '../driver-error.js';
import { DatabaseUnavailableError, PoolExhaustedError } from '../errors.js';
import { clusterOptions } from '../cluster/create-cluster.js';
import { counted, OutageFixture, pathOf } from '../testing/outage.fixture.js';
import { ask, Note, readers, readingServer } from '../testing/routed-database.js';
import { LAG_DEFAULTS } from '../db-routing.options.js';

let fixture: OutageFixture;
beforeAll(async () => {
  fixture = await OutageFixture.start();
});
afterAll(() => fixture.dispose());
afterEach(() => fixture.cleanUp());

const isTyped = (error: unknown) =>
  error instanceof DatabaseUnavailableError ||
  error instanceof PoolExhaustedError ||
  isConnectionError(error);

const RESUME_MS = 2_000;

/** The first moment at which the primary takes a write, here from a client that connects to it directly. */
const acceptsWrites = () =>
  eventually(() => ask(fixture.database.appUrl, "INSERT INTO notes (text) VALUES ('direct')"), {
    everyMs: 5,
  }).then(() => performance.now());

describe('the primary is killed and comes back, under load', () => {
  it.each([
    ['with an account that may see replication', true],
    ['by the heartbeat alone', false],
  ])(
    'writes fail fast, then resume within 2 s; no read fails; no replica leaves: %s',
    async (_title, monitored) => {
      const { servers } = fixture;
      const lag = { ejectMs: 2_000, readmitMs: 1_000, unusableMs: 3_000 };
      const watched = await fixture.watch({
        options: {
          replicaConnections: 16,
          primaryConnections: 8,
          ...(monitored && { monitor: fixture.monitorAccount }),
        },
        cluster: { lag },
        // A heartbeat is up to 100 ms old when the primary goes: replicas that look in between must not be blamed.
        monitor: { beatIntervalMs: 100, probeIntervalMs: 50 },
      });
      const { dataSource, transitions, inRotation } = watched;
      const { primary } = clusterOptions(
        completeOptions({ engine: testEngine, primaryUrl: fixture.database.appUrl, replicas: [] }),
      );
      const notes = dataSource.getRepository(Note);
      const reads = new OpenLoop(() => notes.find({ take: 1 }), { each: 4, everyMs: 40 }).start();
      const writes = new OpenLoop(() => notes.insert({ text: 'load' }), { each: 2, everyMs: 40 }).start();
      const stalls = new StallWatch().start();
      await writes.run(300);
      const killedMs = performance.now();
      await servers.kill('primary');
      // Longer than the lag at which a replica leaves: the time away must not be held against it.
      await writes.run(lag.ejectMs + 1_000);
      expect(inRotation()).toEqual(['replica-1', 'replica-2']);
      const [acceptedMs] = await Promise.all([acceptsWrites(), servers.start('primary')]);
      const resumed = () => writes.between(acceptedMs).find(({ error }) => !error);
      const first = await eventually(() => resumed() ?? false);
      // Long enough to see that they go on after the 2 s that they may take to resume.
      await writes.run(acceptedMs + RESUME_MS + 1_000 - performance.now());
      await Promise.all([reads.stop(), writes.stop(), stalls.stop()]);

      expect(reads.failed).toEqual([]);
      expect(writes.failed.length).toBeGreaterThan(0);
      expect(writes.failed.filter(({ error }) => !isTyped(error))).toEqual([]);
      const away = writes.between(killedMs + 500, acceptedMs - 1_000);
      expect(away.length).toBeGreaterThan(10);
      // Refused at once: a write does not wait for as long as an attempt to connect may take.
      const took = away.map(
        ({ startedMs, tookMs }) => tookMs - stalls.between(startedMs, startedMs + tookMs),
      );
      const since = writes.between(acceptedMs + RESUME_MS);
      expect(since.length).toBeGreaterThan(10);
      // Figures of time hold on a machine that does nothing else.
      if (fullRun) {
        expect(Math.max(...took)).toBeLessThan(primary.connectTimeoutMs / 2);
        expect(first.startedMs + first.tookMs - acceptedMs).toBeLessThan(RESUME_MS);
        expect(since.filter(({ error }) => error)).toEqual([]);
      }
      expect(transitions.filter(({ to }) => to === 'ejected')).toEqual([]);
      await eventually(() => expect(inRotation()).toEqual(['replica-1', 'replica-2']));
      const resumedMs = Math.round(first.startedMs + first.tookMs - acceptedMs);
      console.log({ resumedMs, failedWrites: writes.failed.length, reads: reads.between(0).length });
    },
  );

  it('a replica that had not received the last heartbeat is not aged by the time away, then or afterwards', async () => {
    const { servers } = fixture;
    const watched = await fixture.watch({ monitor: { beatIntervalMs: 100 } });
    const { cluster, clock, inRotation, dataSource, transitions } = watched;
    const { health, probe } = cluster.replicaNodes[0]!;
    const lagMs = () => health.lagMs ?? 0;
    fixture.afterTest(() => servers.reconnect('replica-1'));
    fixture.afterTest(() => servers.start('primary'));
    await servers.cutOff('replica-1');
    await eventually(() => lagMs() > 100);
    await servers.kill('primary');
    await eventually(async () => ((await counted('db_heartbeat_failures_total'))[''] ?? 0) > 0);
    const probed = vi.spyOn(probe, 'run');
    clock.aheadMs = 60_000;
    await eventually(() => probed.mock.calls.length > 3);
    expect((await readers(dataSource)).length).toBe(2);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);

    const stoodMs = lagMs();
    const started = servers.start('primary');
    // It is still cut off, and misses more from here on: by the time that the primary is there again.
    await eventually(() => lagMs() > stoodMs + 300, { everyMs: 5 });
    expect(lagMs()).toBeLessThan(stoodMs + LAG_DEFAULTS.ejectMs / 2);
    await servers.reconnect('replica-1');
    await started;
    await eventually(() => lagMs() === 0);
    expect(pathOf(transitions, 'replica-1')).toEqual([]);
  });
});

describe('a read of the primary that a replica may answer', () => {
  it('does while the primary is away, says so, and goes to the primary again afterwards', async () => {
    const { servers, ids } = fixture;
    const { dataSource, readYourWrites, inRotation } = await fixture.watch({
      options: {
        replicaConnections: 16,
        consistency: { tokenSecrets: ['a-secret-of-at-least-32-characters'], windowMs: 0 },
      },
    });
    await eventually(() => inRotation().length === 2);
    fixture.afterTest(() => servers.start('primary'));
    const orReplica = vi.fn();
    const read = () => usePrimary(() => readingServer(dataSource), { orReplica });
    expect(await read()).toBe(ids.primary);
    expect(orReplica).not.toHaveBeenCalled();
    await servers.kill('primary');

    const answered = await Promise.all(Array.from({ length: 20 }, read));
    expect(ids.replicas).toEqual(expect.arrayContaining(answered));
    expect(orReplica).toHaveBeenCalledTimes(20);
    await expect(usePrimary(() => readingServer(dataSource))).rejects.toThrow();
    // A caller with a write that no replica has is told so, and not something older.
    const position =
      testEngine === 'mysql'
        ? '3e11fa47-71ca-11e1-9e33-c80aa9429562:9223372036854775806'
        : '0-1-18446744073709551615';
    const scope = readYourWrites.scopeOf(undefined, undefined);
    scope.committed(position);
    const token = readYourWrites.tokenOf(scope);
    await expect(readYourWrites.runFresh(token, read)).rejects.toThrow(DatabaseUnavailableError);

    await servers.start('primary');
    await eventually(async () => (await read()) === ids.primary);
  });
});
