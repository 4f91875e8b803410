import type { Socket } from 'node:net';
import type { Clock } from '@fourfold/kernel';
import { testEngine } from '@fourfold-tools/testing';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { completeOptions, type DbRoutingOptions, HEALTH_DEFAULTS } from '../db-routing.options.js';
import { dialectOf } from '../engine/dialect-of.js';
import { PrimaryWatch } from '../cluster/primary.watch.js';
import { type MonitorOptions, ReplicaHealthMonitor } from '../cluster/replica-health.monitor.js';
import { ReadYourWrites } from '../consistency/read-your-writes.js';
import { clusterOptions } from '../cluster/create-cluster.js';
import { RoutingPoolCluster, type RoutingPoolClusterOptions } from '../cluster/routing-pool.cluster.js';
import { typeOrmOptions } from '../cluster/type-orm.options.js';
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
  const complete = completeOptions({
    engine: testEngine,
    primaryConnections: 2,
    replicaConnections: 2,
    ...options,
  });
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
    ...HEALTH_DEFAULTS,
    probeIntervalMs: 20,
    beatIntervalMs: 20,
    now: () => performance.now() + clock.aheadMs,
    ...pace,
  });
  const primaryWatch = new PrimaryWatch(cluster);
  primaryWatch.start();
  await monitor.start();
  const dialect = dialectOf(complete.engine);
  const position = () => cluster.readIndex.position();
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
