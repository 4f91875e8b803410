import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { DependencyProbes } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { connectAtStart } from './connect-at-start.js';
import { ConsistencyInterceptor } from './consistency/consistency.interceptor.js';
import { primaryPosition } from './consistency/primary-position.js';
import { ReadYourWrites } from './consistency/read-your-writes.js';
import { DbRoutingMetrics } from './db-routing.metrics.js';
import {
  addressOf,
  type ASYNC_OPTIONS_TYPE,
  COMPLETE_OPTIONS,
  type CompleteOptions,
  completeOptions,
  ConfigurableModuleClass,
  type DbRoutingExtras,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './db-routing.options.js';
import { dialectOf } from './engine/dialect-of.js';
import { MAIN_DATABASE } from './errors.js';
import { DbNodeHealthIndicator } from './health/db-node.health.js';
import { PrimaryWatch } from './health/primary.watch.js';
import { MONITOR_DEFAULTS, ReplicaHealthMonitor } from './health/replica-health.monitor.js';
import { withQueryTimeout } from './pool/statement.limit.js';
import { createCluster } from './routing/create-cluster.js';
import { NodeStatuses } from './routing/node-status.js';
import { PRIMARY } from './routing/read.router.js';
import { RoutingPoolCluster } from './routing/routing-pool.cluster.js';
import { typeOrmOptions } from './type-orm.options.js';

/** Beside `TypeOrmModule`: import it once at the root, and inject repositories or `DataSource` as ever. */
@Module({
  imports: [TerminusModule],
  providers: [
    DbRoutingMetrics,
    DbNodeHealthIndicator,
    NodeStatuses,
    ConsistencyInterceptor,
    { provide: COMPLETE_OPTIONS, useFactory: completeOptions, inject: [MODULE_OPTIONS_TOKEN] },
    { provide: RoutingPoolCluster, useFactory: createCluster, inject: [COMPLETE_OPTIONS, DbRoutingMetrics] },
    {
      provide: ReplicaHealthMonitor,
      useFactory: ({ readOnly }: CompleteOptions, cluster: RoutingPoolCluster, metrics: DbRoutingMetrics) =>
        new ReplicaHealthMonitor(cluster, metrics, { ...MONITOR_DEFAULTS, writesHeartbeat: !readOnly }),
      inject: [COMPLETE_OPTIONS, RoutingPoolCluster, DbRoutingMetrics],
    },
    {
      provide: ReadYourWrites,
      useFactory: (
        { consistency, engine }: CompleteOptions,
        metrics: DbRoutingMetrics,
        cluster: RoutingPoolCluster,
      ) => {
        const dialect = dialectOf(engine);
        const position = () => primaryPosition(cluster.primaryPool, dialect);
        return new ReadYourWrites(consistency, dialect, metrics, position);
      },
      inject: [COMPLETE_OPTIONS, DbRoutingMetrics, RoutingPoolCluster],
    },
  ],
  exports: [
    RoutingPoolCluster,
    ReadYourWrites,
    ConsistencyInterceptor,
    DbNodeHealthIndicator,
    NodeStatuses,
    COMPLETE_OPTIONS,
  ],
})
export class DbRoutingModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  private readonly primaryWatch: PrimaryWatch;

  constructor(
    private readonly monitor: ReplicaHealthMonitor,
    private readonly cluster: RoutingPoolCluster,
    private readonly metrics: DbRoutingMetrics,
    private readonly indicator: DbNodeHealthIndicator,
    @Inject(COMPLETE_OPTIONS) private readonly options: CompleteOptions,
    @Optional() private readonly health?: HealthRegistry,
    @Optional() private readonly probes?: DependencyProbes,
  ) {
    super();
    this.primaryWatch = new PrimaryWatch(cluster);
  }

  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return withTypeOrm(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withTypeOrm(super.forRootAsync(options), options);
  }

  async onModuleInit(): Promise<void> {
    this.metrics.watch(this.cluster);
    this.primaryWatch.start();
    await this.monitor.start();
    this.probes?.add(MAIN_DATABASE, () => this.indicator.takesWrites());
    for (const node of this.indicator.nodes) {
      this.health?.add(`database-${node}`, () => this.indicator.inspect(node), {
        // Reads go on without the primary.
        required: node === PRIMARY && !this.options.readOnly,
      });
    }
  }

  onApplicationShutdown(): void {
    this.monitor.stop();
    this.primaryWatch.stop();
    this.metrics.unwatch(this.cluster);
  }
}

function withTypeOrm(definition: DynamicModule, extras: Partial<DbRoutingExtras>): DynamicModule {
  return {
    ...definition,
    imports: [
      ...(definition.imports ?? []),
      TypeOrmModule.forRootAsync({
        inject: [COMPLETE_OPTIONS, RoutingPoolCluster],
        useFactory: (options: CompleteOptions, cluster: RoutingPoolCluster) => ({
          ...typeOrmOptions(options, { entities: [], ...extras }, cluster),
          // Only what will not pass by itself gets here, and it should end the start at once.
          retryAttempts: 0,
        }),
        dataSourceFactory: (options) => connected(options as DataSourceOptions),
      }),
    ],
  };
}

/**
 * A data source that is there once the primary is. Connecting is tried again; `migrationsRun` is for afterwards, so that a
 * broken migration fails once and with its own error, and has no limit, so that a backfill may take its time.
 */
async function connected(options: DataSourceOptions): Promise<DataSource> {
  const { replication } = options as { replication: { master: { url: string } } };
  const { migrationsRun = false, migrationsTransactionMode: transaction = 'all' } = options;
  const dataSource = new DataSource({ ...options, migrationsRun: false });
  await connectAtStart(() => dataSource.initialize(), { server: addressOf(replication.master.url) });
  try {
    if (migrationsRun) await withQueryTimeout(Infinity, () => dataSource.runMigrations({ transaction }));
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
