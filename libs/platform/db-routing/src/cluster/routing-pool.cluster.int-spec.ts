import { eventually, testEngine, topology } from '@fourfold-tools/testing';
import type { PoolConnection } from 'mysql2';
import { expect, it } from 'vitest';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { completeOptions } from '../db-routing.options.js';
import { ask } from '../testing/routed-database.js';
import { createCluster } from './create-cluster.js';

it('a node that is added again, as at a second attempt to connect, leaves no connection of the first behind', async () => {
  const options = completeOptions({
    engine: testEngine,
    primaryUrl: topology().primary.appUrl,
    replicas: [],
  });
  const cluster = createCluster(options, new DbRoutingMetrics());
  const connect = async () => {
    cluster.add('MASTER', { uri: topology().primary.appUrl });
    const connection = await new Promise<PoolConnection>((resolve, reject) => {
      cluster.getConnection('MASTER', (error, given) =>
        given ? resolve(given) : reject(error ?? new Error()),
      );
    });
    connection.release();
    return connection;
  };
  const isOpen = async ({ threadId }: PoolConnection) => {
    const list = await ask(topology().primary.rootUrl, 'SHOW PROCESSLIST');
    return list.some(({ Id }) => Id === threadId);
  };

  const first = await connect();
  const second = await connect();
  await eventually(async () => !(await isOpen(first)));
  expect(await isOpen(second)).toBe(true);
  await new Promise((ended) => cluster.end(ended));
});
