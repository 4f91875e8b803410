import { afterEach, expect, it } from 'vitest';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import type { ReplicaNode } from '../routing/replica.node.js';
import { counted } from '../testing/outage.fixture.js';
import { ReplicaHealth } from './replica-health.js';

const health = new ReplicaHealth();
const source = {
  pools: [],
  isRouted: true,
  replicaNodes: [{ id: 'replica-1', health } as unknown as ReplicaNode],
};
const metrics = new DbRoutingMetrics();
afterEach(() => metrics.unwatch(source));

it('the lag of a replica that has stopped answering is not shown as what it was', async () => {
  metrics.watch(source);
  const shown = () => counted('db_replica_lag_seconds');
  expect(await shown()).toEqual({});
  health.record({ lagMs: 1_500 }, 1, 0);
  expect(await shown()).toEqual({ 'replica-1': 1.5 });
  health.record({ failed: 'no answer' }, 2, 0);
  expect(await shown()).toEqual({});
  expect(health.lagMs).toBe(1_500);
  health.record({ lagMs: 300 }, 3, 0);
  expect(await shown()).toEqual({ 'replica-1': 0.3 });
});
