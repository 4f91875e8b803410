import type { HealthIndicatorService } from '@nestjs/terminus';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodePool } from '../pool/node.pool.js';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';
import { DbNodeHealthIndicator } from './db-node.health.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const stats = { size: 1, used: 1, idle: 0, pending: 0 };

function poolThat(answers: boolean): NodePool {
  const query = (_sql: string, _values: unknown[], answer: (error: null, rows: unknown[]) => void) =>
    answer(null, []);
  const acquire = (_request: unknown, callback: (error: null, connection: unknown) => void) => {
    if (answers) callback(null, { query, release: () => {} });
  };
  return { node: 'primary', stats, acquire } as unknown as NodePool;
}

async function inspect({ probes, pool }: { probes: boolean; pool: boolean }) {
  const primary = { probes: poolThat(probes), pool: poolThat(pool) };
  const cluster = { primary, primaryName: 'primary', replicaNodes: [] } as unknown as RoutingPoolCluster;
  const inspected = new DbNodeHealthIndicator(cluster, {} as HealthIndicatorService)
    .inspect('primary')
    .catch((error: Error) => error.message);
  await vi.advanceTimersByTimeAsync(500);
  return inspected;
}

describe('the primary is', () => {
  it.each([
    ['its pool is busy', { probes: true, pool: false }],
    ['a heartbeat waits for its commit', { probes: false, pool: true }],
  ])('up while %s', async (_title, answers) => {
    expect(await inspect(answers)).toEqual({ pool: stats });
  });

  it('down when it answers on no connection', async () => {
    expect(await inspect({ probes: false, pool: false })).toBe(
      'The database does not answer; try again in a moment',
    );
  });
});
