import { DataSource, type DataSourceOptions } from 'typeorm';
import { DbRoutingMetrics } from '../db-routing.metrics.js';
import { ReplicaHealthMonitor } from '../replica-health.monitor.js';
import type { LagThresholds } from '../replica-health.js';
import { RoutingPoolCluster } from '../routing-pool.cluster.js';
import { SESSION_SETUP, typeOrmOptions } from '../type-orm.options.js';
import { Note } from './routed-database.js';

/** The parts of the module, probing every 20 ms by a clock that the test can put forward. */
export async function watchedCluster(
  primaryUrl: string,
  replicaUrls: readonly string[],
  lag?: LagThresholds,
) {
  const node = {
    connections: 2,
    acquireDeadlineMs: 1_000,
    connectTimeoutMs: 1_000,
    sessionSetup: SESSION_SETUP,
  };
  const metrics = new DbRoutingMetrics();
  const cluster = new RoutingPoolCluster({ primary: node, replica: node, ...(lag && { lag }) }, metrics);
  const dataSource = new DataSource(
    typeOrmOptions({ primaryUrl, replicaUrls }, [Note], cluster) as DataSourceOptions,
  );
  await dataSource.initialize();
  const clock = { aheadMs: 0 };
  const monitor = new ReplicaHealthMonitor(cluster, metrics, 20, () => performance.now() + clock.aheadMs);
  await monitor.start();
  const inRotation = () =>
    [...cluster.replicas].filter(([, { health }]) => health.inRotation).map(([id]) => id);
  const close = () => {
    monitor.stop();
    return dataSource.destroy();
  };
  return { dataSource, cluster, clock, inRotation, close };
}
