import type { z } from 'zod';
import type { ShardFences } from '../fence/shard.fences.js';
import type { Topology } from '../ring/topology.js';
import type { MigrationMetrics } from './migration.metrics.js';
import type { LogDrain } from './log.drain.js';
import type { MoveBatch } from './migration-plan.js';
import type { migrationOptionsSchema } from './migration.options.js';
import type { ReplicaThrottle } from './replica.throttle.js';
import type { RowMover } from './row.mover.js';
import type { SlotHandover } from './slot.handover.js';
import type { MigrationTask, TaskStore } from './task.store.js';

/** What a coordinator's steps act by. */
export interface StepTools {
  tasks: TaskStore;
  fences: ShardFences;
  rows: RowMover;
  drain: LogDrain;
  handover: SlotHandover;
  /** Makes the change the next topology, if it changes anything. @returns the epoch that then holds */
  publish: (task: MigrationTask, change: (topology: Topology) => Topology) => Promise<number>;
  /** @throws InvalidMigrationError when the two shards of the batch have schemas that can't be moved */
  assertTables: (batch: MoveBatch) => Promise<void>;
  metrics: MigrationMetrics;
  replicas: ReplicaThrottle;
  epoch: () => Promise<number>;
  rest: (ms: number) => Promise<void>;
  options: z.output<typeof migrationOptionsSchema>;
}
