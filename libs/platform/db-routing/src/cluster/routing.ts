import { DataSource, type DataSourceOptions } from 'typeorm';
import { DEFAULT_CLUSTER } from '../consistency/consistency.scope.js';
import { ReadYourWrites } from '../consistency/read-your-writes.js';
import {
  type CompleteOptions,
  completeOptions,
  type DbRoutingExtras,
  type DbRoutingOptions,
} from '../db-routing.options.js';
import { dialectOf } from '../engine/dialect-of.js';
import { withQueryTimeout } from '../pool/statement.limit.js';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { connectAtStart } from './connect-at-start.js';
import { createCluster } from './create-cluster.js';
import { NodeStatuses } from './node-status.js';
import { PrimaryWatch } from './primary.watch.js';
import { ReplicaHealthMonitor } from './replica-health.monitor.js';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';
import { type NodeSource, typeOrmOptions } from './type-orm.options.js';

/**
 * A primary and its replicas: pools, health and read-your-writes. TypeORM gets its connections from it by the options
 * that it makes.
 *
 * States: new → connected (by TypeORM) → started: the nodes are watched → stopped.
 */
export class Routing {
  readonly cluster: RoutingPoolCluster;
  readonly readYourWrites: ReadYourWrites;
  readonly statuses: NodeStatuses;
  private readonly monitor: ReplicaHealthMonitor;
  private readonly primaryWatch: PrimaryWatch;

  /** @param name of a cluster beside the application's default one */
  constructor(
    readonly options: CompleteOptions,
    readonly name: string = DEFAULT_CLUSTER,
    private readonly metrics = new DbRoutingMetrics(),
  ) {
    const dialect = dialectOf(options.engine);
    this.cluster = createCluster(options, metrics, name);
    const position = () => this.cluster.readIndex.position();
    this.readYourWrites = new ReadYourWrites(options.consistency, dialect, metrics, position);
    this.statuses = new NodeStatuses(this.cluster, options);
    this.monitor = new ReplicaHealthMonitor(this.cluster, metrics, {
      ...options.health,
      writesHeartbeat: !options.readOnly,
    });
    this.primaryWatch = new PrimaryWatch(this.cluster);
  }

  /** @param source what TypeORM sees of the cluster */
  typeOrmOptions(extras: DbRoutingExtras, source: NodeSource = this.cluster): DataSourceOptions {
    return typeOrmOptions(this.options, extras, source) as DataSourceOptions;
  }

  /** Once TypeORM is connected. Resolves when the replicas are in rotation, or after a second without those that are not. */
  async start(): Promise<void> {
    this.metrics.watch(this.cluster);
    // At shutdown Nest has TypeORM close the pools before our own module hears of it.
    this.cluster.onEnding = () => this.stop();
    this.primaryWatch.start();
    await this.monitor.start();
  }

  stop(): void {
    this.cluster.onEnding = () => {};
    this.monitor.stop();
    this.primaryWatch.stop();
    this.metrics.unwatch(this.cluster);
  }
}

/** A routed DataSource without Nest. */
export interface RoutedDataSource extends Pick<Routing, 'cluster' | 'readYourWrites' | 'statuses'> {
  readonly dataSource: DataSource;
  /** Resolves when the primary is there, migrations have run (`typeOrm.migrationsRun`), and the replicas are watched. */
  start(): Promise<DataSource>;
  /** Closes every connection. */
  stop(): Promise<void>;
}

/**
 * Reads of its `dataSource` go to replicas and writes to the primary, as with `DbRoutingModule`.
 * @throws ConfigurationError that names everything that is wrong
 */
export function createRoutedDataSource({
  name,
  entities = [],
  autoLoadEntities: _nestOnly,
  typeOrm,
  ...options
}: DbRoutingOptions & Partial<DbRoutingExtras>): RoutedDataSource {
  const routing = new Routing(completeOptions(options, 'createRoutedDataSource'), name);
  const { cluster, readYourWrites, statuses } = routing;
  const opening = routing.typeOrmOptions({ entities, name, typeOrm });
  const dataSource = unmigrated(opening);
  return {
    ...{ dataSource, cluster, readYourWrites, statuses },
    start: async () => {
      await open(dataSource, opening);
      await routing.start();
      return dataSource;
    },
    stop: async () => {
      routing.stop();
      if (dataSource.isInitialized) await dataSource.destroy();
      else await new Promise((ended) => cluster.end(ended));
    },
  };
}

/** @returns a data source that is connected, and has run the migrations that `options` ask for. */
export async function openDataSource(options: DataSourceOptions): Promise<DataSource> {
  return open(unmigrated(options), options);
}

function unmigrated(options: DataSourceOptions): DataSource {
  return new DataSource({ ...options, migrationsRun: false });
}

/**
 * Connecting is tried again; `migrationsRun` is for afterwards, so that a broken migration fails once and with its own
 * error, and has no limit, so that a backfill may take its time.
 */
async function open(dataSource: DataSource, options: DataSourceOptions): Promise<DataSource> {
  const { host, port } = (options as { replication: { master: { host: string; port: number } } }).replication
    .master;
  const { migrationsRun = false, migrationsTransactionMode: transaction = 'all' } = options;
  await connectAtStart(() => dataSource.initialize(), { server: `${host}:${port}` });
  try {
    if (migrationsRun) await withQueryTimeout(Infinity, () => dataSource.runMigrations({ transaction }));
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
