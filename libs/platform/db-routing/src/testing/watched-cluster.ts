import type { Socket } from 'node:net';
import type { Clock } from '@fourfold/kernel';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { DbRoutingMetrics } from '../db-routing.metrics.js';
import { completeOptions, type DbRoutingOptions } from '../db-routing.options.js';
import { dialectOf } from '../engine/dialect-of.js';
import { PrimaryWatch } from '../health/primary.watch.js';
import {
  MONITOR_DEFAULTS,
  type MonitorOptions,
  ReplicaHealthMonitor,
} from '../health/replica-health.monitor.js';
import { primaryPosition } from '../consistency/primary-position.js';
import { ReadYourWrites } from '../consistency/read-your-writes.js';
import { clusterOptions } from '../routing/create-cluster.js';
import { RoutingPoolCluster, type RoutingPoolClusterOptions } from '../routing/routing-pool.cluster.js';
import { typeOrmOptions } from '../type-orm.options.js';
import { Note } from './routed-database.js';

export interface WatchedClusterOptions {
  /** What the module would be told; small pools, unless it says otherwise. */
  options: DbRoutingOptions;
  /** What the module has no option for. */
  cluster?: Partial<RoutingPoolClusterOptions>;
  monitor?: Partial<MonitorOptions>;
  /** How connections to `MASTER`, `SLAVE0`, … are made, where not as ever. */
  streams?: Readonly<Record<string, () => Socket>>;
  /** By which the sticky window runs. */
  wallClock?: Clock;
}

/** The parts of the module, probing every 20 ms by a clock that the test can put forward. The caller closes it. */
export async function watchedCluster({
  options,
  cluster: changes,
  monitor: pace,
  streams = {},
  wallClock,
}: WatchedClusterOptions) {
  const complete = completeOptions({ primaryConnections: 2, replicaConnections: 2, ...options });
  const metrics = new DbRoutingMetrics();
  const cluster = new RoutingPoolCluster({ ...clusterOptions(complete), ...changes }, metrics);
  const add = cluster.add.bind(cluster);
  cluster.add = (id, config) => add(id, { ...config, ...(streams[id] && { stream: streams[id] }) });
  const dataSource = new DataSource(
    typeOrmOptions(complete, { entities: [Note] }, cluster) as DataSourceOptions,
  );
  await dataSource.initialize();
  metrics.watch(cluster);
  const clock = { aheadMs: 0 };
  const monitor = new ReplicaHealthMonitor(cluster, metrics, {
    ...MONITOR_DEFAULTS,
    probeIntervalMs: 20,
    beatIntervalMs: 20,
    now: () => performance.now() + clock.aheadMs,
    ...pace,
  });
  const primaryWatch = new PrimaryWatch(cluster);
  primaryWatch.start();
  await monitor.start();
  const dialect = dialectOf(complete.engine);
  const position = () => primaryPosition(cluster.primaryPool, dialect);
  const readYourWrites = new ReadYourWrites(complete.consistency, dialect, metrics, position, wallClock);
  const inRotation = () => cluster.replicaNodes.filter((replica) => replica.inRotation).map(({ id }) => id);
  const close = () => {
    monitor.stop();
    primaryWatch.stop();
    metrics.unwatch(cluster);
    return dataSource.destroy();
  };
  return { dataSource, cluster, metrics, monitor, readYourWrites, clock, inRotation, close };
}
