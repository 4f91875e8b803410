import { eventually, repetitions, seeded } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { history, replicaNames, ReplicatedOrders } from '../testing/replicated-orders.js';

const CHANGES = repetitions({ quick: 300, full: 3_000 });
const DELAY_S = 3;

let orders: ReplicatedOrders;
beforeAll(async () => {
  orders = await ReplicatedOrders.start();
});
afterEach(async () => {
  await orders.closeAll();
  for (const name of replicaNames) {
    await orders.servers.startApplying(name);
    await orders.servers.delay(name, 0);
  }
  await orders.caughtUp();
});
afterAll(() => orders.dispose());

/** Reads of the processes of this file so far, by the kind of node. */
async function readsByNode(): Promise<{ primary: number; replicas: number }> {
  const { values = [] } = (await register.getSingleMetric('db_route_total')?.get()) ?? {};
  const of = (isPrimary: boolean) =>
    values
      .filter(({ labels }) => (labels['target'] === 'primary') === isPrimary && labels['reason'] !== 'write')
      .reduce((sum, { value }) => sum + value, 0);
  return { primary: of(true), replicas: of(false) };
}

const lags: [string, (changes: () => number) => Promise<void>][] = [
  [
    `are ${DELAY_S} s behind`,
    async () => {
      for (const name of replicaNames) await orders.servers.delay(name, DELAY_S);
    },
  ],
  [
    'stop and go at random',
    async (changes) => {
      const random = seeded(5_081);
      for (let next = 0; next < CHANGES; next += 1 + Math.floor(random() * 20)) {
        await eventually(() => changes() >= next || changes() >= CHANGES, { everyMs: 1 });
        const name = replicaNames[Math.floor(random() * replicaNames.length)]!;
        if (random() < 0.5) await orders.servers.stopApplying(name);
        else await orders.servers.startApplying(name);
      }
    },
  ],
];

describe.each(lags)(
  'orders that are read and changed by two processes while the replicas %s',
  (_how, lag) => {
    it(`are never read from the cache as they were before a confirmed invalidate, in ${CHANGES} changes`, async () => {
      const processes = await orders.open();
      const { faults, ...report } = await history(processes, CHANGES, lag);
      console.log({ ...report, ...(await readsByNode()) });
      expect(faults).toEqual([]);
      expect((await readsByNode()).replicas).toBeGreaterThan(0);
    });

    it('naive twin: with the position left out of the fills they are', async () => {
      const processes = await orders.open();
      for (const { routed } of processes)
        vi.spyOn(routed.cluster.readIndex, 'position').mockResolvedValue('');
      const { faults } = await history(processes, CHANGES, lag);
      expect(faults).toContainEqual(expect.stringMatching(/^stale: version \d+ of \d+ after \d+$/));
    });
  },
);

it('nine fills in ten of a cold cache are by replicas, while orders are changed', async () => {
  // As long as it takes a busy machine to replicate: the share does not depend on time then.
  const processes = await orders.open(30_000);
  register.resetMetrics();
  const { faults, reads } = await history(processes, CHANGES);
  const { primary, replicas } = await readsByNode();
  console.log({ reads, fills: { primary, replicas } });
  expect(faults).toEqual([]);
  expect(replicas).toBeGreaterThan(CHANGES / 2);
  expect(replicas / (primary + replicas)).toBeGreaterThanOrEqual(0.9);
});
