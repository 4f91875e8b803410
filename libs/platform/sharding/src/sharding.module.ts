import { checkedExtras, ConfigurationError, isGlobalExtra, parseOptions } from '@fourfold/kernel';
import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { ShardRouter } from './access/shard.router.js';
import { assertHandedOff } from './fence/assert-handed-off.js';
import { HotKeys } from './hot-keys/hot-keys.js';
import { SnowflakeIds } from './ids/snowflake-ids.js';
import { SqlWorkerIdLease } from './ids/sql-worker-id.lease.js';
import { MigrationRunner } from './moving/migration.runner.js';
import { MigrationWatch } from './moving/migration.watch.js';
import { ShardMigrations } from './moving/shard-migrations.js';
import { TaskStore } from './moving/task.store.js';
import { ShardOverview } from './overview/shard-overview.js';
import { ShardPlanner } from './overview/shard.planner.js';
import { ShardRows } from './overview/shard-rows.js';
import { ShardHealthEntry } from './overview/shard.health-entry.js';
import { ShardRegistry } from './routing/shard.registry.js';
import { ShardStatuses } from './overview/shard.statuses.js';
import { ShardUpkeep } from './routing/shard.upkeep.js';
import { type ShardingModuleOptions, shardingOptionsSchema } from './sharding.options.js';
import type { SqlExecutor } from './sql-executor.js';
import { CurrentTopology } from './topology/current-topology.js';
import { SharedTopology } from './topology/shared-topology.js';
import { TopologyCopy } from './topology/topology.copy.js';
import { TopologyFollower } from './topology/topology.follower.js';
import { TopologyStore } from './topology/topology.store.js';

type Options = z.output<typeof shardingOptionsSchema>;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ShardingModuleOptions>({ moduleName: 'Sharding' })
    .setClassMethodName('forRoot')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();

const OPTIONS = Symbol('sharding: complete options');
/** The executor that `main` or the default DataSource gives. */
const MAIN_CLUSTER = Symbol('sharding: main cluster');

/**
 * Sharded access and ids for an application; global unless `isGlobal: false`. The topology is loaded and a worker id
 * taken while providers are made, so nothing can route or ask for an id too early, and a process that can't do either
 * does not start. Import it after TypeOrmModule: at shutdown the worker id is then given back while there is still a
 * connection to do it with.
 */
@Module({
  providers: [
    {
      provide: OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: unknown) =>
        parseOptions('ShardingModule', shardingOptionsSchema, options, ['isGlobal']),
    },
    {
      provide: MAIN_CLUSTER,
      inject: [OPTIONS, { token: DataSource, optional: true }],
      useFactory: ({ main }: Options, dataSource?: DataSource): SqlExecutor => {
        const executor = main ?? dataSource;
        if (executor) return executor;
        const problem = 'main: there is no default TypeORM DataSource to take for it';
        throw new ConfigurationError('ShardingModule', [problem], 'options');
      },
    },
    {
      provide: TopologyStore,
      inject: [MAIN_CLUSTER],
      useFactory: (main: SqlExecutor) => new TopologyStore(main),
    },
    {
      provide: TopologyCopy,
      inject: [OPTIONS],
      useFactory: ({ redis }: Options) => redis && new TopologyCopy(redis),
    },
    { provide: CurrentTopology, inject: [TopologyStore, ShardRegistry], useFactory: loadTopology },
    {
      provide: SharedTopology,
      inject: [TopologyStore, CurrentTopology, ShardRegistry, TopologyCopy],
      useFactory: (
        store: TopologyStore,
        own: CurrentTopology,
        registry: ShardRegistry,
        copy?: TopologyCopy,
      ) => new SharedTopology(store, own, copy, (next) => assertHandedOff(registry, own.topology, next)),
    },
    {
      provide: TopologyFollower,
      inject: [CurrentTopology, SharedTopology, TopologyCopy],
      useFactory: (own: CurrentTopology, shared: SharedTopology, copy?: TopologyCopy) =>
        new TopologyFollower(own, shared, copy),
    },
    {
      provide: SnowflakeIds,
      // After the topology: on an empty database its error is the one that says what to do.
      inject: [OPTIONS, MAIN_CLUSTER, CurrentTopology],
      useFactory: ({ ids }: Options, main: SqlExecutor) =>
        ids === false
          ? SnowflakeIds.none()
          : SnowflakeIds.start(new SqlWorkerIdLease(main, ids.reservationMs), ids),
    },
    {
      provide: ShardRegistry,
      inject: [OPTIONS],
      useFactory: ({ shards, secrets, ...connection }: Options) =>
        new ShardRegistry(shards, connection, secrets),
    },
    { provide: HotKeys, inject: [OPTIONS], useFactory: ({ hotKeys }: Options) => new HotKeys(hotKeys) },
    {
      provide: ShardRows,
      inject: [ShardRegistry, CurrentTopology, OPTIONS],
      useFactory: (registry: ShardRegistry, topology: CurrentTopology, options: Options) =>
        new ShardRows(registry, topology, options),
    },
    {
      provide: ShardRouter,
      inject: [CurrentTopology, ShardRegistry, HotKeys, TopologyFollower],
      useFactory: (
        topology: CurrentTopology,
        registry: ShardRegistry,
        hotKeys: HotKeys,
        follower: TopologyFollower,
      ) => new ShardRouter(topology, registry, hotKeys, () => follower.look()),
    },
    { provide: TaskStore, inject: [MAIN_CLUSTER], useFactory: (main: SqlExecutor) => new TaskStore(main) },
    {
      provide: ShardMigrations,
      inject: [TaskStore, TopologyStore, ShardRegistry],
      useFactory: (tasks: TaskStore, store: TopologyStore, registry: ShardRegistry) =>
        new ShardMigrations(tasks, store, registry),
    },
    {
      provide: MigrationRunner,
      inject: [OPTIONS, TaskStore, ShardRegistry, TopologyStore, SharedTopology],
      useFactory: (
        { migrates }: Options,
        tasks: TaskStore,
        registry: ShardRegistry,
        store: TopologyStore,
        shared: SharedTopology,
      ) => migrates && new MigrationRunner({ tasks, registry, store, shared }, migrates),
    },
    {
      provide: MigrationWatch,
      inject: [OPTIONS, MAIN_CLUSTER, ShardRegistry],
      useFactory: ({ migrates }: Options, main: SqlExecutor, registry: ShardRegistry) =>
        migrates && new MigrationWatch(main, registry, migrates.reverseMs),
    },
    ShardUpkeep,
    ShardStatuses,
    ShardHealthEntry,
    ShardOverview,
    ShardPlanner,
  ],
  exports: [
    TopologyStore,
    SharedTopology,
    CurrentTopology,
    ShardRouter,
    ShardUpkeep,
    ShardStatuses,
    ShardRows,
    HotKeys,
    ShardOverview,
    ShardPlanner,
    ShardMigrations,
    SnowflakeIds,
  ],
})
export class ShardingModule extends checkedExtras('ShardingModule', ConfigurableModuleClass, isGlobalExtra) {}

/** @throws TopologyMissingError; ConfigurationError when a shard of the topology has no URL. */
async function loadTopology(store: TopologyStore, registry: ShardRegistry): Promise<CurrentTopology> {
  const topology = await CurrentTopology.load(store);
  registry.follow(topology);
  const { shards, epoch } = topology.ring;
  const missing = shards.filter((shard) => !registry.names.includes(shard));
  if (missing.length > 0) {
    const problem = `shards: no URL for ${missing.join(', ')}, which topology epoch ${epoch} names`;
    throw new ConfigurationError('ShardingModule', [problem], 'options');
  }
  return topology;
}
