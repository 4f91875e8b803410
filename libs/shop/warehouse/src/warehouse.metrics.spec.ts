import { register } from 'prom-client';
import { beforeAll, expect, it } from 'vitest';
import { WarehouseMetrics } from './warehouse.metrics.js';

let metrics: WarehouseMetrics;
beforeAll(() => {
  metrics = new WarehouseMetrics();
});

const behindSeconds = async (): Promise<number | undefined> => {
  const { values } = await register.getSingleMetric('warehouse_behind_seconds')!.get();
  return values[0]?.value;
};
const upSeconds = () => (Date.now() - performance.timeOrigin) / 1_000;

it('is behind since the process started, while nothing is known of its sources', async () => {
  const [least, behind, most] = [upSeconds(), await behindSeconds(), upSeconds()];
  expect(behind).toBeGreaterThanOrEqual(least);
  expect(behind).toBeLessThanOrEqual(most);
});

it('is behind as its worst source, and as the process is old again where one was never read to its end', async () => {
  const completeAt = (ageMs: number) =>
    new Date(Date.now() - ageMs).toISOString().replace('T', ' ').slice(0, -1);
  const state = (source: string, at: string | null) => ({ source, updatedAt: '', id: '0', completeAt: at });
  metrics.show([state('orders', completeAt(5_000_000)), state('users:shard-0', completeAt(9_000_000))]);
  expect(await behindSeconds()).toBeCloseTo(9_000, -2);
  metrics.show([state('orders', completeAt(5_000_000)), state('users:shard-0', null)]);
  expect(await behindSeconds()).toBeLessThan(5_000);
});
