import { ConfigurationError } from '@fourfold/kernel';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { HotKeys } from './hot-keys/hot-keys.js';
import { SnowflakeIds } from './ids/snowflake.ids.js';
import { SqlWorkerIdLease } from './ids/sql-worker-id.lease.js';
import { overviewProviders } from './overview/overview.providers.js';
import { ShardOverview } from './overview/shard.overview.js';
import { ShardPlanner } from './overview/shard.planner.js';
import { routingProviders } from './routing/routing.providers.js';
import { ShardRouter } from './routing/shard.router.js';
import { ShardStatuses } from './routing/shard.statuses.js';
import { ShardUpkeep } from './routing/shard.upkeep.js';
import { ShardRows } from './rows/shard.rows.js';
import {
  ConfigurableModuleClass,
  MAIN_CLUSTER,
  MODULE_OPTIONS_TOKEN,
  type ShardingModuleOptions,
} from './sharding.module-definition.js';
import type { SqlExecutor } from './sql/sql-executor.js';
import { CurrentTopology } from './topology/current-topology.js';
import { topologyProviders } from './topology/topology.providers.js';
import { TopologyPublisher } from './topology/topology.publisher.js';
import { TopologyStore } from './topology/topology.store.js';

/**
 * Sharded access and ids for an application; global unless `isGlobal: false`. The topology is loaded and a worker id
 * taken while providers are made, so nothing can route or ask for an id too early, and a process that can't do either
 * does not start. Import it after TypeOrmModule: at shutdown the worker id is then given back while there is still a
 * connection to do it with.
 */
@Module({
  providers: [
    {
      provide: MAIN_CLUSTER,
      inject: [MODULE_OPTIONS_TOKEN, { token: DataSource, optional: true }],
      useFactory: ({ main }: ShardingModuleOptions, dataSource?: DataSource): SqlExecutor => {
        const executor = main ?? dataSource;
        if (executor === undefined) {
          throw new ConfigurationError(
            'Sharding',
            ['main: there is no default TypeORM DataSource to take for it'],
            'options',
          );
        }
        return executor;
      },
    },
    ...topologyProviders,
    {
      provide: SnowflakeIds,
      // After the topology: on an empty database its error is the one that says what to do.
      inject: [MODULE_OPTIONS_TOKEN, MAIN_CLUSTER, CurrentTopology],
      useFactory: ({ ids }: ShardingModuleOptions, main: SqlExecutor) =>
        ids === false
          ? SnowflakeIds.none()
          : SnowflakeIds.start(new SqlWorkerIdLease(main, ids?.reservationMs), ids),
    },
    ...routingProviders,
    ...overviewProviders,
  ],
  exports: [
    TopologyStore,
    TopologyPublisher,
    CurrentTopology,
    ShardRouter,
    ShardUpkeep,
    ShardStatuses,
    ShardRows,
    HotKeys,
    ShardOverview,
    ShardPlanner,
    SnowflakeIds,
  ],
})
export class ShardingModule extends ConfigurableModuleClass {}
