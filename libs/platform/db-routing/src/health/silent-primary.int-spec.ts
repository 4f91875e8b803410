import { eventually } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { counted, OutageFixture, pathOf } from '../testing/outage.fixture.js';
import { ask, readers } from '../testing/routed-database.js';
import { LAG_DEFAULTS } from '../db-routing.options.js';

let fixture: OutageFixture;
beforeAll(async () => {
  fixture = await OutageFixture.start();
});
afterAll(() => fixture.dispose());
afterEach(() => fixture.cleanUp());

const lag = { ejectMs: 1_000, readmitMs: 400, unusableMs: 2_000 };
const pace = { beatIntervalMs: 100, beatTimeoutMs: 300 };
const failures = async () => (await counted('db_heartbeat_failures_total'))[''] ?? 0;

const ejectedForLag = ['healthy → ejected'];

function stopApplying() {
  fixture.afterTest(() => fixture.servers.startApplying('replica-1'));
  return fixture.servers.stopApplying('replica-1');
}

/** Holds a lock until it is let go, or the test is over. */
async function lock(url: string, statement: string) {
  const holder = await createConnection({ uri: url });
  fixture.afterTest(() => holder.end());
  await holder.beginTransaction();
  await holder.query(statement);
  return async () => {
    await holder.rollback();
    await holder.query('UNLOCK TABLES');
  };
}

/** A process that the primary does not answer any more, and knows it. */
async function cutOffFromPrimary(options: object = {}, thresholds = lag) {
  const proxy = await fixture.proxyOf(fixture.database.appUrl);
  const watched = await fixture.watch({
    options: { primaryUrl: proxy.url, ...options },
    cluster: { lag: thresholds },
    monitor: pace,
  });
  await proxy.freeze();
  await eventually(async () => (await failures()) > 1);
  expect(watched.inRotation()).toEqual(['replica-1', 'replica-2']);
  return watched;
}

it('a replica that claims the length of an outage stays: what it applies is older than what it misses', async () => {
  const monitor = fixture.monitorAccount;
  const { transitions, cluster } = await cutOffFromPrimary({ monitor }, LAG_DEFAULTS);
  const database = new URL(fixture.database.appUrl).pathname.slice(1);
  const letGo = await lock(fixture.servers.replicas[0]!.rootUrl, `LOCK TABLES \`${database}\`.notes READ`);
  // What it sees when a primary that was away for a minute is back: a transaction of a minute ago.
  const primary = await createConnection({ uri: fixture.database.appUrl });
  fixture.afterTest(() => primary.end());
  await primary.query('SET timestamp = UNIX_TIMESTAMP() - 60');
  await primary.query("INSERT INTO notes (text) VALUES ('from before the outage')");
  await eventually(async () => Number((await fixture.status('replica-1')).lag) >= 60);
  const probed = vi.spyOn(cluster.replicaNodes[0]!.health, 'record');
  await eventually(() => probed.mock.calls.length > 3);
  await letGo();
  await eventually(async () => Number((await fixture.status('replica-1')).lag) === 0);
  expect(pathOf(transitions, 'replica-1')).toEqual([]);
});

describe('a replica that falls behind leaves', () => {
  it('while the primary is merely slow to take heartbeats: that is no silence', async () => {
    const { transitions, inRotation, cluster } = await fixture.watch({
      cluster: { lag },
      // However long it takes until the replica goes, the heartbeat that waits for the lock has not failed.
      monitor: { beatTimeoutMs: 60_000 },
    });
    await stopApplying();
    await eventually(() => (cluster.replicaNodes[0]!.health.lagMs ?? 0) > 50);
    const letGo = await lock(
      fixture.database.appUrl,
      'SELECT id FROM replication_heartbeat WHERE id = 1 FOR UPDATE',
    );
    await eventually(() => inRotation().join() === 'replica-2');
    await letGo();
    expect(await failures()).toBe(0);
    expect(pathOf(transitions, 'replica-1')).toEqual(ejectedForLag);
  });

  it('while the primary answers another process alone: the other replica has rows that it has not', async () => {
    await fixture.watch({ monitor: pace });
    // The other replica applies all along, and may be late by as much as a busy machine has it.
    const wide = { ejectMs: 3_000, readmitMs: 1_500, unusableMs: 6_000 };
    const { transitions, inRotation, dataSource } = await cutOffFromPrimary({}, wide);
    await stopApplying();
    await eventually(() => inRotation().join() === 'replica-2');
    expect(pathOf(transitions, 'replica-1')).toEqual(ejectedForLag);
    expect(await readers(dataSource)).toEqual([fixture.ids.replicas[1]]);
  });

  it('while no process writes heartbeats: the replica reports its own lag', async () => {
    const { transitions, inRotation, cluster } = await cutOffFromPrimary({ monitor: fixture.monitorAccount });
    const database = new URL(fixture.database.appUrl).pathname.slice(1);
    await lock(fixture.servers.replicas[0]!.rootUrl, `LOCK TABLES \`${database}\`.notes READ`);
    await ask(fixture.database.appUrl, "INSERT INTO notes (text) VALUES ('waits')");
    await eventually(() => inRotation().join() === 'replica-2');
    expect(pathOf(transitions, 'replica-1')).toEqual(ejectedForLag);
    expect(cluster.replicaNodes[0]!.health.ejectionReason).toBe('lagging');
  });
});
