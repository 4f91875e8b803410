import { eventually, gate } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestShards } from './shards.support-spec.js';

let shards: TestShards;
beforeAll(async () => {
  shards = await TestShards.start();
});
afterAll(() => shards.stop());

/** Of the pool of one shard; undefined where there is no series. */
async function of(metric: string, node: string): Promise<number | undefined> {
  const { values } = await register.getSingleMetric(metric)!.get();
  return values.find(({ labels }) => labels.node === node)?.value;
}
const poolOf = async (shard: string) => ({
  used: await of('db_pool_used_connections', shard),
  idle: await of('db_pool_idle_connections', shard),
  pending: await of('db_pool_pending_requests', shard),
  size: await of('db_pool_size_connections', shard),
});

it('the gauges of pools have those of shards: in use, idle, who waits, and how many there may be', async () => {
  const { registry } = await shards.router({ poolSize: 2, poolSizes: { 'shard-2': 3 } });
  expect(await poolOf('shard-2')).toEqual({ used: 0, idle: 0, pending: 0, size: 3 });
  const held = gate();
  const callers = [1, 2, 3].map(() => registry.run('shard-1', () => held.passed));
  await eventually(async () =>
    expect(await poolOf('shard-1')).toEqual({ used: 2, idle: 0, pending: 1, size: 2 }),
  );
  held.open();
  await Promise.all(callers);
  expect(await poolOf('shard-1')).toEqual({ used: 0, idle: 2, pending: 0, size: 2 });
  await registry.onApplicationShutdown();
  expect(await of('db_pool_size_connections', 'shard-1')).toBeUndefined();
});

it('a slow statement of a shard is counted with those of other servers', async () => {
  const { registry } = await shards.router();
  expect(await of('db_slow_queries_total', 'shard-1')).toBe(0);
  await registry.run('shard-1', (runner) => runner.query('SELECT 1'));
  await registry.run('shard-1', (runner) => runner.query('SELECT SLEEP(1.1)'));
  expect(await of('db_slow_queries_total', 'shard-1')).toBe(1);
  expect(await of('db_slow_queries_total', 'shard-0')).toBe(0);
});
