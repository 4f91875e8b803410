import { CreateRingFence1764800000001 } from './create-ring-fence.migration.js';
import { CreateRingTask1764800000002 } from './create-ring-task.migration.js';
import { CreateSharding1732300000001 } from './create-sharding.migration.js';
import type { MigrationClass } from './migration-target.js';
import { RingTaskProgress1765000001300 } from './ring-task-progress.migration.js';

/** For the main cluster: add them to the `migrations` of its DataSource. */
export const shardingMigrations: readonly MigrationClass[] = [
  CreateSharding1732300000001,
  CreateRingTask1764800000002,
  RingTaskProgress1765000001300,
];

/** For every shard, with those of the tables that are there. `seedFences` fills the fences once there is a topology. */
export const shardingShardMigrations: readonly MigrationClass[] = [CreateRingFence1764800000001];
