import { HEALTH_DEFAULTS } from '../db-routing.options.js';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../testing/outage.fixture.js';
import { ProxiedReplicas } from '../testing/proxied-replicas.js';
import { readingServer, serverIds } from '../testing/routed-database.js';

let fixture: ProxiedReplicas;
beforeAll(async () => {
  fixture = await ProxiedReplicas.start();
});
afterAll(() => fixture.drop());
afterEach(() => fixture.cleanUp());

/** So long that what passes by itself in a test is nothing beside it. */
const SLOW_START_MS = 3_600_000;
/** A replica that misses a heartbeat at the moment seems to lag by as much as the clock is put forward. */
const lag = { ejectMs: 86_400_000, readmitMs: 86_400_000, unusableMs: 86_400_000 };

type Watched = Awaited<ReturnType<ProxiedReplicas['watch']>>;

describe('the slow start of a replica that has returned', () => {
  it('gives it few reads at first, then more and more, until it is healthy', async () => {
    const watched = await fixture.watch({
      cluster: { health: { ...HEALTH_DEFAULTS, slowStartMs: SLOW_START_MS }, lag },
    });
    const { dataSource, cluster, proxies, transitions, inRotation, clock } = watched;
    const ids = await serverIds();
    await proxies[0]!.close();
    await eventually(() => inRotation().join() === 'replica-2');
    await proxies[0]!.open();
    await eventually(() => inRotation().length === 2);
    const [first] = cluster.replicaNodes;
    /** Its part of 200 reads. */
    const share = async () => {
      let mine = 0;
      for (let read = 0; read < 200; read += 1)
        if ((await readingServer(dataSource)) === ids.replicas[0]) mine += 1;
      return mine / 200;
    };
    // The router has a clock of its own, which goes with the monitor's from here on.
    const { health } = first!;
    const weightAt = health.weight.bind(health);
    health.weight = (nowMs) => weightAt(nowMs + clock.aheadMs);
    expect(first!.weight).toBeLessThan(0.15);
    const young = await share();
    clock.aheadMs = 0.9 * SLOW_START_MS;
    expect(first!.weight).toBeGreaterThan(0.85);
    const grown = await share();
    console.log({ young, grown });
    // 1 to 10, and 9 to 10.
    expect(young).toBeGreaterThan(0);
    expect(young).toBeLessThan(0.25);
    expect(grown).toBeGreaterThan(0.3);
    clock.aheadMs = SLOW_START_MS;
    await eventually(() => first!.health.state === 'healthy');
    expect(pathOf(transitions, 'replica-1').at(-1)).toBe('slow-start → healthy');
  });

  it('is over after 10 s, and not before', async () => {
    const { proxies, cluster, clock, inRotation } = await fixture.watch();
    await proxies[0]!.close();
    await eventually(() => inRotation().join() === 'replica-2');
    await proxies[0]!.open();
    await eventually(() => inRotation().length === 2);
    const [first] = cluster.replicaNodes;
    expect(first!.health.state).toBe('slow-start');
    expect(first!.health.weight(0)).toBe(0.1);
    clock.aheadMs = 5_000;
    expect(await probes(first!)).toBe('slow-start');
    clock.aheadMs = 10_000;
    await eventually(() => first!.health.state === 'healthy');
    expect(first!.weight).toBe(1);
  });
});

/** The state after it has been probed some more times. */
async function probes(replica: Watched['cluster']['replicaNodes'][number]) {
  let seen = 0;
  const { record } = replica.health;
  replica.health.record = (...probe) => ((seen += 1), record(...probe));
  await eventually(() => seen >= 3);
  return replica.health.state;
}
