import { Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HealthRegistry } from '@fourfold/observability';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { usePrimary } from './consistency.context.js';
import { DbRoutingMetrics } from './db-routing.metrics.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type DbRoutingExtras,
  type DbRoutingOptions,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './db-routing.options.js';
import { ReplicaHealthMonitor } from './replica-health.monitor.js';
import { RoutingPoolCluster } from './routing-pool.cluster.js';
import { SESSION_SETUP, typeOrmOptions } from './type-orm.options.js';

const CONNECT_TIMEOUT_MS = 1_000;
const PRIMARY_ACQUIRE_DEADLINE_MS = 2_000;
const REPLICA_ACQUIRE_DEADLINE_MS = 1_000;

function createCluster(options: DbRoutingOptions, metrics: DbRoutingMetrics): RoutingPoolCluster {
  const common = { connectTimeoutMs: CONNECT_TIMEOUT_MS, sessionSetup: SESSION_SETUP };
  return new RoutingPoolCluster(
    {
      primary: {
        ...common,
        connections: options.primaryConnections ?? 32,
        acquireDeadlineMs: PRIMARY_ACQUIRE_DEADLINE_MS,
      },
      replica: {
        ...common,
        connections: options.replicaConnections ?? 64,
        acquireDeadlineMs: REPLICA_ACQUIRE_DEADLINE_MS,
      },
    },
    metrics,
  );
}

/** Beside `TypeOrmModule`: import it once at the root, and inject repositories or `DataSource` as ever. */
@Module({
  providers: [
    DbRoutingMetrics,
    {
      provide: RoutingPoolCluster,
      useFactory: createCluster,
      inject: [MODULE_OPTIONS_TOKEN, DbRoutingMetrics],
    },
    {
      provide: ReplicaHealthMonitor,
      useFactory: (cluster: RoutingPoolCluster, metrics: DbRoutingMetrics) =>
        new ReplicaHealthMonitor(cluster, metrics),
      inject: [RoutingPoolCluster, DbRoutingMetrics],
    },
  ],
  exports: [RoutingPoolCluster, MODULE_OPTIONS_TOKEN],
})
export class DbRoutingModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly monitor: ReplicaHealthMonitor,
    private readonly dataSource: DataSource,
    private readonly cluster: RoutingPoolCluster,
    private readonly health: HealthRegistry,
  ) {
    super();
  }

  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return withTypeOrm(super.forRoot(options), options.entities);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withTypeOrm(super.forRootAsync(options), options.entities);
  }

  async onModuleInit(): Promise<void> {
    await this.monitor.start();
    this.health.add(
      'database-primary',
      () => usePrimary(async () => void (await this.dataSource.query('SELECT 1'))),
      {
        required: true,
      },
    );
    for (const [id, { health }] of this.cluster.replicas) {
      this.health.add(`database-${id}`, () => replicaState(id, health.inRotation, health.lagMs), {
        required: false,
      });
    }
  }

  onApplicationShutdown(): void {
    this.monitor.stop();
  }
}

async function replicaState(id: string, inRotation: boolean, lagMs: number | undefined) {
  if (!inRotation) throw new Error(`${id} is out of the rotation (last seen ${lagMs ?? 'never'} ms behind)`);
  return { lagMs };
}

function withTypeOrm(definition: DynamicModule, entities: DbRoutingExtras['entities'] = []): DynamicModule {
  return {
    ...definition,
    imports: [
      ...(definition.imports ?? []),
      TypeOrmModule.forRootAsync({
        inject: [MODULE_OPTIONS_TOKEN, RoutingPoolCluster],
        useFactory: (options: DbRoutingOptions, cluster: RoutingPoolCluster) =>
          typeOrmOptions(options, entities, cluster),
      }),
    ],
  };
}
