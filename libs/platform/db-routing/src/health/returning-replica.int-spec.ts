import { eventually } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../testing/outage.fixture.js';
import { ProxiedReplicas } from '../testing/proxied-replicas.js';
import { readingServer } from '../testing/routed-database.js';

let fixture: ProxiedReplicas;
beforeAll(async () => {
  fixture = await ProxiedReplicas.start();
});
afterAll(() => fixture.drop());
afterEach(() => fixture.cleanUp());

type Watched = Awaited<ReturnType<ProxiedReplicas['watch']>>;

/** Reads that fill the primary's fallback, and 500 that wait in its line, until they are let go. */
async function fiveHundredWaiting({ dataSource, cluster }: Watched) {
  const slow = dataSource.createQueryRunner('slave');
  await slow.query('SELECT 1');
  const waiting = Array.from({ length: 500 }, () => readingServer(dataSource));
  const settled = Promise.allSettled(waiting);
  await eventually(() => cluster.router.gate.waiting === 500);
  return { settled, letGo: () => slow.release() };
}

/** All the time in the world, for the reads that wait: what happens meanwhile is the test. */
const patient = {
  options: { fallbackReads: 1, replicaConnections: 8 },
  cluster: {
    reads: {
      replicaDeadlineMs: 1_000,
      deadlineMs: 30_000,
      waitMs: 150,
      fallbackReads: 1,
      fallbackLine: 1_000,
    },
  },
};

describe('a replica that returns while 500 reads wait', () => {
  it('gets one trial connection before it is admitted; then they all come, and no read fails', async () => {
    const behind = await fixture.watch(patient);
    const { cluster, proxies, refuse, inRotation, transitions } = behind;
    await refuse();
    const { settled, letGo } = await fiveHundredWaiting(behind);
    const [first] = cluster.replicaNodes;
    // Probes have a pool of their own: what is in this one is the trial's, and what reads would have opened.
    let atAdmission: number | undefined;
    const recordTrial = first!.health.recordTrial.bind(first!.health);
    first!.health.recordTrial = (...trial) => {
      atAdmission = first!.pool.stats.idle + first!.pool.stats.used + first!.pool.stats.pending;
      return recordTrial(...trial);
    };
    await proxies[0]!.open();
    await eventually(() => inRotation().join() === 'replica-1');
    expect(atAdmission).toBe(1);
    // They wait for the primary no more, although its one place for reads is still taken: the herd was real.
    const outcomes = await settled;
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(first!.pool.stats.idle).toBe(8);
    await letGo();
    expect(pathOf(transitions, 'replica-1')).toEqual([
      'healthy → suspect',
      'suspect → ejected',
      'ejected → probing',
      'probing → slow-start',
    ]);
  });

  it('stays out when its trial fails, is tried again, and no read fails', async () => {
    const behind = await fixture.watch(patient);
    const { cluster, proxies, refuse, inRotation, transitions } = behind;
    await refuse();
    const { settled, letGo } = await fiveHundredWaiting(behind);
    const [first] = cluster.replicaNodes;
    // What probes use goes on; the pool of the reads finds the server gone once.
    const acquire = first!.pool.acquire.bind(first!.pool);
    let trials = 0;
    first!.pool.acquire = (request, callback) => {
      const isTrial = !request.lease.readOnly;
      if (isTrial) trials += 1;
      if (isTrial && trials === 1) void proxies[0]!.close().then(() => acquire(request, callback));
      else acquire(request, callback);
    };
    await proxies[0]!.open();
    await eventually(() => pathOf(transitions, 'replica-1').at(-1) === 'probing → ejected');
    expect(trials).toBe(1);
    expect(inRotation()).toEqual([]);
    await proxies[0]!.open();
    await eventually(() => inRotation().join() === 'replica-1');
    expect(trials).toBe(2);
    expect((await settled).filter(({ status }) => status === 'rejected')).toEqual([]);
    await letGo();
  });
});
