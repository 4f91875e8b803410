import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { HotKeysOptions } from './hot-keys/hot-keys.js';
import type { SnowflakeOptions } from './ids/snowflake.ids.js';
import type { ShardConnectionOptions } from './routing/shard-connection.options.js';
import type { SqlExecutor } from './sql/sql-executor.js';
import type { TopologyRedisOptions } from './topology/topology.copy.js';

export interface ShardingModuleOptions extends Partial<ShardConnectionOptions> {
  /** mysql:// URL by shard name, as `shardUrlsSchema` gives it. Every shard of the topology must be here. */
  shards: Readonly<Record<string, string>>;
  /** How often the rows of each shard are estimated. Default 60,000; 0: never. */
  rowsEveryMs?: number;
  /** From when on a key is hot. */
  hotKeys?: HotKeysOptions;
  /**
   * The Redis that carries the topology to all processes: they follow a change at once. Without it each asks the main
   * cluster every 0.7 s.
   */
  redis?: TopologyRedisOptions;
  /** False: for a process that needs no ids. It takes no worker id, and `SnowflakeIds` gives none. */
  ids?: SnowflakeOptions | false;
  /** Where topology and worker ids are kept. Default: the application's default TypeORM DataSource. */
  main?: SqlExecutor;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ShardingModuleOptions>({ moduleName: 'Sharding' })
    .setClassMethodName('forRoot')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();

/** The executor that `main` or the default DataSource gives. */
export const MAIN_CLUSTER = Symbol('sharding main cluster');
