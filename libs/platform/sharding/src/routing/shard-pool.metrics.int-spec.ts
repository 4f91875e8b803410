import { DbRoutingMetrics } from '@fourfold/db-routing';
import { eventually, gate } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestShards } from '../testing/test-shards.js';

let shards: TestShards;
beforeAll(async () => {
  shards = await TestShards.start();
});
afterAll(() => shards.stop());

async function of(metric: string, node: string): Promise<number> {
  const given = await register.getSingleMetric(metric)?.get();
  return given?.values.find(({ labels }) => labels.node === node)?.value ?? 0;
}
const poolOf = async (shard: string): Promise<number[]> =>
  Promise.all(
    ['used_connections', 'idle_connections', 'pending_requests', 'size_connections'].map((figure) =>
      of(`db_pool_${figure}`, shard),
    ),
  );

const leftOpen = {
  pools: [{ node: 'shard-1', stats: { used: 0, idle: 0, pending: 0, size: 16 } }],
  replicaNodes: [],
  isRouted: false,
};
afterAll(() => new DbRoutingMetrics().unwatch(leftOpen));

it('the gauges of pools have those of shards: in use, idle, who waits, and how many there may be', async () => {
  // As registries of other files are left, whose applications never started and so never stopped.
  new DbRoutingMetrics().watch(leftOpen);
  const others = await poolOf('shard-1');
  const ours = async () => (await poolOf('shard-1')).map((figure, index) => figure - others[index]!);
  const { registry } = await shards.router({ poolSize: 2, poolSizes: { 'shard-1': 3 } });
  expect(await ours()).toEqual([0, 0, 0, 3]);
  const held = gate();
  const callers = [1, 2, 3, 4].map(() => registry.run('shard-1', () => held.passed));
  await eventually(async () => expect(await ours()).toEqual([3, 0, 1, 3]));
  held.open();
  await Promise.all(callers);
  expect(await ours()).toEqual([0, 3, 0, 3]);
  await registry.onApplicationShutdown();
  expect(await ours()).toEqual([0, 0, 0, 0]);
});

it('a slow statement of a shard is counted with those of other servers', async () => {
  const { registry } = await shards.router();
  const before = await of('db_slow_queries_total', 'shard-1');
  await registry.run('shard-1', (runner) => runner.query('SELECT 1'));
  await registry.run('shard-1', (runner) => runner.query('SELECT SLEEP(1.1)'));
  expect(await of('db_slow_queries_total', 'shard-1')).toBe(before + 1);
});
