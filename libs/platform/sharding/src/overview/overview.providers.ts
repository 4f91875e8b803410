import type { Provider } from '@nestjs/common';
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
    inject: [CurrentTopology, ShardStatuses, ShardRows],
    useFactory: (current: CurrentTopology, statuses: ShardStatuses, rows: ShardRows) =>
      new ShardOverview(current, statuses, rows),
  },
  {
    provide: ShardPlanner,
    inject: [CurrentTopology, ShardRegistry],
    useFactory: (current: CurrentTopology, registry: ShardRegistry) =>
      new ShardPlanner(current, new SlotRows(registry, current, registry.entities)),
  },
];
