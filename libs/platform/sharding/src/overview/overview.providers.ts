import type { Provider } from '@nestjs/common';
import { HotKeys } from '../hot-keys/hot-keys.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { ShardStatuses } from '../routing/shard.statuses.js';
import { ShardRows } from '../rows/shard.rows.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { ShardOverview } from './shard.overview.js';
import { ShardPlanner } from './shard.planner.js';
import { SlotRows } from './slot.rows.js';

/** What operators see of the shards, and plan with. */
export const overviewProviders: Provider[] = [
  {
    provide: ShardOverview,
    inject: [CurrentTopology, ShardStatuses, ShardRows, HotKeys],
    useFactory: (current: CurrentTopology, statuses: ShardStatuses, rows: ShardRows, hotKeys: HotKeys) =>
      new ShardOverview(current, statuses, rows, hotKeys),
  },
  {
    provide: ShardPlanner,
    inject: [CurrentTopology, ShardRegistry],
    useFactory: (current: CurrentTopology, registry: ShardRegistry) =>
      new ShardPlanner(current, new SlotRows(registry, current, registry.entities)),
  },
];
