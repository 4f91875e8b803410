import { eventually } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useReplica } from '../consistency/consistency.context.js';
import { counted, OutageFixture, pathOf } from '../testing/outage.fixture.js';
import { readers, readingServer } from '../testing/routed-database.js';

let fixture: OutageFixture;
beforeAll(async () => {
  fixture = await OutageFixture.start();
});
afterAll(() => fixture.dispose());
afterEach(() => fixture.cleanUp());

const names = ['replica-1', 'replica-2'] as const;
// 5 s, 2 s and 10 s in earnest. MASTER_DELAY counts in whole seconds.
const lag = { ejectMs: 2_500, readmitMs: 500, unusableMs: 4_000 };

function delayed(seconds: number, replicas: readonly (typeof names)[number][] = names) {
  fixture.afterTest(() => Promise.all(replicas.map((name) => fixture.servers.delay(name, 0))));
  return Promise.all(replicas.map((name) => fixture.servers.delay(name, seconds)));
}

/** The naive one knows a single threshold. */
function crossings(lags: readonly number[], thresholdMs: number): number {
  return lags.filter((lagMs, at) => at > 0 && lagMs > thresholdMs !== lags[at - 1]! > thresholdMs).length;
}

describe('all replicas lag', () => {
  it('both leave once and the primary answers; at the edge none flaps; caught up, both come back once', async () => {
    const { dataSource, cluster, inRotation, transitions } = await fixture.watch({ cluster: { lag } });
    await delayed(4);
    await eventually(() => inRotation().length === 0);
    expect(await readers(dataSource)).toEqual([fixture.ids.primary]);
    expect(Object.keys(await counted('db_route_total'))).toContain('primary no-replica');

    // Now they hover between the thresholds: by 1 s to 2 s, as the server counts whole seconds of its clock.
    await delayed(2);
    const hovering: number[] = [];
    const [first] = cluster.replicaNodes;
    const hovers = () =>
      cluster.replicaNodes.every(({ health: { lagMs = 0 } }) => lagMs > lag.readmitMs && lagMs < lag.ejectMs);
    await eventually(hovers);
    await eventually(() => hovering.push(first?.health.lagMs ?? 0) >= 100);
    expect(transitions.filter(({ to }) => to === 'probing')).toEqual([]);

    await delayed(0);
    await eventually(() => inRotation().length === 2);
    const trips = ['healthy → ejected', 'ejected → probing', 'probing → slow-start'];
    for (const name of names) expect(pathOf(transitions, name)).toEqual(trips);
    expect(await counted('db_replica_ejections_total')).toEqual({
      'replica-1 lagging': 1,
      'replica-2 lagging': 1,
    });
    expect(await readers(dataSource, 200)).toEqual([...fixture.ids.replicas].sort());
    // Naive twin: with one threshold in the middle of where the lag hovered, a replica comes and goes.
    const middleMs = (Math.max(...hovering) + Math.min(...hovering)) / 2;
    expect(crossings(hovering, middleMs)).toBeGreaterThan(1);
  });
});

describe('useReplica', () => {
  it('reads from a replica ejected for its lag, which no other read uses, until it is too far behind', async () => {
    const { dataSource, cluster, inRotation } = await fixture.watch({ cluster: { lag } });
    const { stopApplying, startApplying } = fixture.servers;
    for (const name of names) {
      fixture.afterTest(() => startApplying.call(fixture.servers, name));
      await stopApplying.call(fixture.servers, name);
    }
    await eventually(() => inRotation().length === 0);
    expect(await readers(dataSource, 5)).toEqual([fixture.ids.primary]);
    expect(fixture.ids.replicas).toContain(await useReplica(() => readingServer(dataSource)));
    await eventually(() => cluster.replicaNodes.every(({ usableWhenForced }) => !usableWhenForced));
    for (const { health } of cluster.replicaNodes) expect(health.lagMs).toBeGreaterThan(lag.unusableMs);
    expect(await useReplica(() => readingServer(dataSource))).toBe(fixture.ids.primary);
  });
});
