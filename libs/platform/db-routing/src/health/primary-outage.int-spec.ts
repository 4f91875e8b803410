import { eventually } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isConnectionError } from '../driver-error.js';
import { DatabaseUnavailableError, PoolExhaustedError } from '../errors.js';
import { OutageFixture } from '../testing/outage.fixture.js';
import { OpenLoop } from '../testing/open-loop.js';
import { ask, Note, readers } from '../testing/routed-database.js';

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

/** The first moment at which the primary takes a write of anybody. */
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
      const notes = dataSource.getRepository(Note);
      const reads = new OpenLoop(() => notes.find({ take: 1 }), { each: 4, everyMs: 40 }).start();
      const writes = new OpenLoop(() => notes.insert({ text: 'load' }), { each: 2, everyMs: 40 }).start();
      await writes.run(300);
      const killedMs = performance.now();
      await servers.kill('primary');
      // Longer than the lag at which a replica leaves: the time away must not be held against it.
      await writes.run(lag.ejectMs + 1_000);
      expect(inRotation()).toEqual(['replica-1', 'replica-2']);
      const [acceptedMs] = await Promise.all([acceptsWrites(), servers.start('primary')]);
      const resumed = () => writes.between(acceptedMs).find(({ error }) => !error);
      const first = await eventually(() => resumed() ?? false);
      await writes.run(1_000);
      await Promise.all([reads.stop(), writes.stop()]);

      expect(reads.failed).toEqual([]);
      expect(writes.failed.length).toBeGreaterThan(0);
      expect(writes.failed.filter(({ error }) => !isTyped(error))).toEqual([]);
      const away = writes.between(killedMs + 500, acceptedMs - 1_000);
      expect(Math.max(...away.map(({ tookMs }) => tookMs))).toBeLessThan(500);
      expect(first.startedMs + first.tookMs - acceptedMs).toBeLessThan(2_000);
      expect(writes.between(acceptedMs + 2_000).filter(({ error }) => error)).toEqual([]);
      expect(transitions.filter(({ to }) => to === 'ejected')).toEqual([]);
      await eventually(() => expect(inRotation()).toEqual(['replica-1', 'replica-2']));
      const resumedMs = Math.round(first.startedMs + first.tookMs - acceptedMs);
      console.log({ resumedMs, failedWrites: writes.failed.length, reads: reads.between(0).length });
    },
  );

  it('a replica that had not received the last heartbeat is not aged by the time that the primary is away', async () => {
    const { servers } = fixture;
    const { cluster, clock, inRotation, dataSource } = await fixture.watch();
    fixture.afterTest(() => servers.reconnect('replica-1'));
    fixture.afterTest(() => servers.start('primary'));
    await servers.cutOff('replica-1');
    await eventually(() => (cluster.replicaNodes[0]?.health.lagMs ?? 0) > 100);
    await servers.kill('primary');
    await eventually(() =>
      expect(dataSource.query('SELECT 1')).rejects.toMatchObject({ code: 'database-unavailable' }),
    );
    const probed = vi.spyOn(cluster.replicaNodes[0]!.probe, 'run');
    clock.aheadMs = 60_000;
    await eventually(() => probed.mock.calls.length > 3);
    expect((await readers(dataSource)).length).toBe(2);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
  });
});
