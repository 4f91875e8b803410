import { eventually, testEngine } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HEALTH_DEFAULTS } from '../db-routing.options.js';
import { dialectOf } from '../engine/dialect-of.js';
import type { ReplicationStatus } from '../engine/replication.dialect.js';
import { agedUntil, counted, naiveLagSeconds, OutageFixture, pathOf } from '../testing/outage.fixture.js';
import { ask, readers } from '../testing/routed-database.js';

let fixture: OutageFixture;
beforeAll(async () => {
  fixture = await OutageFixture.start();
});
afterAll(() => fixture.dispose());
afterEach(() => fixture.cleanUp());

/** Thresholds so wide that the heartbeat never has a say: what the replica says of itself is all there is. */
const lag = { ejectMs: 600_000, readmitMs: 600_000, unusableMs: 600_000 };
/** Far from what a busy machine does to a replica that is well. */
const aMinute = { ejectMs: 60_000, readmitMs: 20_000, unusableMs: 120_000 };
const watch = (cluster = {}) =>
  fixture.watch({ options: { monitor: fixture.monitorAccount }, cluster: { lag, ...cluster } });
type Watched = Awaited<ReturnType<typeof watch>>;

/** Whether replica-1 goes, after three probes that say the same, and comes back once `heal` has been called. */
async function leavesAndReturns(
  { inRotation, transitions, cluster, dataSource }: Watched,
  heal: () => unknown,
) {
  await eventually(() => inRotation().join() === 'replica-2');
  expect(pathOf(transitions, 'replica-1').slice(0, 2)).toEqual(['healthy → suspect', 'suspect → ejected']);
  // Fresh, by the heartbeat: it alone would have kept it.
  expect(cluster.replicaNodes[0]!.health.lagMs).toBeLessThan(lag.ejectMs);
  expect(await readers(dataSource)).toEqual([fixture.ids.replicas[1]]);
  expect(await counted('db_replica_ejections_total')).toEqual({ 'replica-1 unreachable': 1 });
  await heal();
  await eventually(() => inRotation().length === 2);
}

describe('a replica with a monitor account is out after three probes, fresh as its heartbeat may be, when', () => {
  const url = () => fixture.servers.replicas[0]!.rootUrl;

  it('its SQL thread is stopped; naively read, its lag of NULL is 0', async () => {
    const watched = await watch();
    fixture.afterTest(() => fixture.servers.startApplying('replica-1'));
    await fixture.servers.stopApplying('replica-1');
    expect(await fixture.status('replica-1')).toEqual({ io: 'Yes', sql: 'No', lag: null });
    expect(await naiveLagSeconds(url())).toBe(0);
    await leavesAndReturns(watched, () => fixture.servers.startApplying('replica-1'));
  });

  it('its I/O thread is stopped, its lag is NULL (0 on MySQL), and the primary has been there all along', async () => {
    const watched = await watch();
    fixture.afterTest(() => fixture.servers.reconnect('replica-1'));
    await fixture.servers.cutOff('replica-1');
    const lagSeconds = testEngine === 'mysql' ? 0 : null;
    expect(await fixture.status('replica-1')).toEqual({ io: 'No', sql: 'Yes', lag: lagSeconds });
    expect(await naiveLagSeconds(url())).toBe(0);
    await leavesAndReturns(watched, () => fixture.servers.reconnect('replica-1'));
  });

  it('its status is empty, for it is no replica any more; naively read, that is 0 as well', async () => {
    const watched = await watch();
    const follow = async () => {
      await fixture.servers.kill('replica-1');
      await fixture.servers.start('replica-1');
    };
    await fixture.servers.ask('replica-1', 'STOP REPLICA');
    await fixture.servers.ask('replica-1', 'RESET REPLICA ALL');
    expect(await fixture.servers.ask('replica-1', 'SHOW REPLICA STATUS')).toEqual([]);
    expect(await naiveLagSeconds(url())).toBe(0);
    await leavesAndReturns(watched, follow);
  });

  it('both threads run and the lag is NULL all the same (a status no server of ours shows: a dialect that says so)', async () => {
    const real = dialectOf(testEngine);
    let unknown = true;
    const readStatus = (rows: readonly Record<string, unknown>[]): ReplicationStatus =>
      real.readStatus(
        unknown
          ? rows.map((row) => ({ ...row, Seconds_Behind_Master: null, Seconds_Behind_Source: null }))
          : rows,
      );
    const { inRotation, transitions, cluster } = await watch();
    const dialect = { ...real, readStatus };
    Object.assign(cluster.replicaNodes[0]!.probe, { dialect });
    await eventually(() => inRotation().join() === 'replica-2');
    expect(transitions.map(({ why }) => why)).toContain(
      'replication is broken: both threads run, the lag is unknown',
    );
    unknown = false;
    await eventually(() => inRotation().length === 2);
  });
});

describe('a replica that accepts and answers nothing', () => {
  it('is out after three probes that timed out, and comes back by itself', async () => {
    const proxy = await fixture.proxyOf(fixture.database.readUrls[0]!);
    const replicas = [proxy.url, fixture.database.readUrls[1]!];
    const watched = await fixture.watch({
      options: { replicas },
      cluster: { lag, health: { ...HEALTH_DEFAULTS, probeTimeoutMs: 500 } },
    });
    await proxy.freeze();
    await leavesAndReturns(watched, () => proxy.open());
  });
});

describe('a replica that has stopped applying, where no account may see replication', () => {
  it('leaves once its heartbeat is too old, not before, and comes back when it has caught up', async () => {
    const watched = await fixture.watch({ cluster: { lag: aMinute } });
    const { inRotation, dataSource, transitions, cluster, clock } = watched;
    fixture.afterTest(() => fixture.servers.startApplying('replica-1'));
    await fixture.servers.stopApplying('replica-1');
    await eventually(() => cluster.replicaNodes[0]!.health.lagMs! > 300);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
    await agedUntil(clock, () => inRotation().join() === 'replica-2');
    expect(pathOf(transitions, 'replica-1')).toEqual(['healthy → ejected']);
    expect(await readers(dataSource)).toEqual([fixture.ids.replicas[1]]);
    await fixture.servers.startApplying('replica-1');
    await eventually(() => inRotation().length === 2);
  });
});

describe('a replica whose source is cut off while it says that it is 0 s behind', () => {
  it('is found by its heartbeat, without an account that may see replication', async () => {
    const { servers, database } = fixture;
    const { inRotation, dataSource, clock } = await fixture.watch({ cluster: { lag: aMinute } });
    // The primary is frozen for its replicas alone: they hold their connections, and hear nothing.
    const kept = await keepFromReplica();
    fixture.afterTest(kept.heal);
    await agedUntil(clock, () => inRotation().join() === 'replica-2');
    expect(await fixture.status('replica-1')).toEqual({ io: 'Yes', sql: 'Yes', lag: 0 });
    expect(await naiveLagSeconds(servers.replicas[0]!.rootUrl)).toBe(0);
    expect(await readers(dataSource)).toEqual([fixture.ids.replicas[1]]);
    await ask(database.appUrl, "INSERT INTO notes (text) VALUES ('unseen')");
    await kept.heal();
    await eventually(() => inRotation().length === 2);
  });
});

/** Has replica-1 follow through a proxy that stalls. */
async function keepFromReplica() {
  const { servers } = fixture;
  const proxy = await fixture.proxyOf(servers.primary.rootUrl);
  const follow = async (port: number) => {
    await servers.repoint('replica-1', port);
    await eventually(async () => (await fixture.status('replica-1')).io === 'Yes');
  };
  await follow(Number(new URL(proxy.url).port));
  await proxy.freeze();
  return { heal: async () => proxy.open().then(() => follow(servers.primary.port)) };
}
