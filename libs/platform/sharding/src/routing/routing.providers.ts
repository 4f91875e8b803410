import type { Provider } from '@nestjs/common';
import { HotKeys } from '../hot-keys/hot-keys.js';
import { ShardRows } from '../rows/shard.rows.js';
import { MODULE_OPTIONS_TOKEN, type ShardingModuleOptions } from '../sharding.module-definition.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { ShardHealthEntry } from './shard.health-entry.js';
import { ShardRegistry } from './shard.registry.js';
import { ShardRouter } from './shard.router.js';
import { ShardStatuses } from './shard.statuses.js';
import { ShardUpkeep } from './shard.upkeep.js';

const DEFAULT_ROWS_EVERY_MS = 60_000;

/** What reaches the shards, and what tells how they are. The registry itself stays inside. */
export const routingProviders: Provider[] = [
  {
    provide: ShardRegistry,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ shards, ids: _ids, main: _main, redis: _redis, ...connection }: ShardingModuleOptions) =>
      new ShardRegistry(shards, connection),
  },
  {
    provide: HotKeys,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ hotKeys }: ShardingModuleOptions) => new HotKeys(hotKeys),
  },
  {
    provide: ShardRouter,
    inject: [CurrentTopology, ShardRegistry, HotKeys],
    useFactory: (topology: CurrentTopology, registry: ShardRegistry, hotKeys: HotKeys) =>
      new ShardRouter(topology, registry, hotKeys),
  },
  {
    provide: ShardUpkeep,
    inject: [CurrentTopology, ShardRegistry],
    useFactory: (topology: CurrentTopology, registry: ShardRegistry) => new ShardUpkeep(topology, registry),
  },
  {
    provide: ShardStatuses,
    inject: [ShardRegistry],
    useFactory: (registry: ShardRegistry) => new ShardStatuses(registry),
  },
  {
    provide: ShardRows,
    inject: [ShardRegistry, CurrentTopology, MODULE_OPTIONS_TOKEN],
    useFactory: (
      registry: ShardRegistry,
      topology: CurrentTopology,
      { rowsEveryMs = DEFAULT_ROWS_EVERY_MS }: ShardingModuleOptions,
    ) => new ShardRows(registry, topology, { rowsEveryMs }),
  },
  ShardHealthEntry,
];
