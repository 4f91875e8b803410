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

type Watched = Awaited<ReturnType<ProxiedReplicas['watch']>>;

describe('the slow start of a replica that has returned', () => {
  it('gives it few reads at first, then more and more, until it is healthy', async () => {
    const slowStartMs = 2_000;
    const behind = await fixture.watch({ cluster: { slowStartMs } });
    const { dataSource, cluster, proxies, transitions, inRotation } = behind;
    const ids = await serverIds();
    await proxies[0]!.close();
    await eventually(() => inRotation().join() === 'replica-2');
    await proxies[0]!.open();
    await eventually(() => inRotation().length === 2);
    const [first] = cluster.replicaNodes;
    const shares: { weight: number; mine: boolean }[] = [];
    while (first!.health.state === 'slow-start') {
      const { weight } = first!;
      shares.push({ weight, mine: (await readingServer(dataSource)) === ids.replicas[0] });
    }
    const shareOf = (part: typeof shares) => part.filter(({ mine }) => mine).length / part.length;
    const young = shareOf(shares.filter(({ weight }) => weight < 0.35));
    const grown = shareOf(shares.filter(({ weight }) => weight > 0.7));
    console.log({ reads: shares.length, young, grown });
    expect(young).toBeLessThan(0.3);
    expect(young).toBeGreaterThan(0);
    expect(grown).toBeGreaterThan(young + 0.1);
    expect(shares[0]!.weight).toBeLessThan(0.2);
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
