import { z } from 'zod';
import { heaviestKey, type HeavyKey } from '../overview/heaviest-key.js';
import { countRowsBySlot } from '../overview/rows-by-slot.js';
import { HashRing } from '../ring/hash-ring.js';
import type { PlanReport } from '../ring/planning/plan-report.js';
import { maxRows, parseRingChange } from '../ring/planning/ring-change.js';
import { type LeftOut, rowsIn } from '../ring/planning/ring-plan.js';
import type { OverfullSlot } from '../ring/planning/overfull-slots.js';
import { shardNameSchema } from '../ring/topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { TopologyStore } from '../topology/topology.store.js';
import { batchesOf, type MigrationPlan } from './migration-plan.js';
import { isOver, wayBack } from './migration-state.js';
import { assertFreshShard } from './target-check.js';
import type { MigrationTask, TaskStore } from './task.store.js';
import { InvalidMigrationError } from './typed-tables.js';

export const migrationRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('add'),
    shard: shardNameSchema,
    weight: z.number().min(0.01).max(100).default(1),
    /** The file with its URL, of a shard that is not in every process's configuration. */
    url: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('remove'), shard: shardNameSchema }),
  z.strictObject({ kind: z.literal('rebalance'), maxRows }),
]);

export type MigrationRequest = z.input<typeof migrationRequestSchema>;

export interface PlannedMigration {
  task: Pick<MigrationTask, 'kind' | 'shard' | 'plan' | 'rowsTotal'>;
  report: PlanReport;
  /** What a rebalance would move beyond its `maxRows`. */
  leftOut?: LeftOut;
  /** Slots that hold more rows than any shard should, and what fills them. */
  overfull: (OverfullSlot & { key?: HeavyKey })[];
}

/** What operators ask of migrations; a `MigrationRunner` carries them out. */
export class ShardMigrations {
  constructor(
    private readonly tasks: TaskStore,
    private readonly store: TopologyStore,
    private readonly registry: ShardRegistry,
  ) {}

  /**
   * What `begin` would have done, and nothing happens.
   * @throws InvalidRingChangeError, InvalidMigrationError, ShardUnavailableError
   */
  async plan(input: MigrationRequest): Promise<PlannedMigration> {
    const request = parseRequest(input);
    const ring = new HashRing(await this.store.current());
    const rowsBySlot = await countRowsBySlot(this.registry, ring);
    const shard = request.kind === 'rebalance' ? null : request.shard;
    const url = request.kind === 'add' ? request.url : undefined;
    const { url: _file, ...change } = { url, ...request };
    const { moves, report, overfull, leftOut } = ring.plan(parseRingChange({ ...change, rowsBySlot }));
    if (request.kind === 'add') await assertFreshShard(this.registry, request.shard, ring.shards);
    if (moves.length === 0)
      throw new InvalidMigrationError(
        leftOut
          ? `There is nothing to move with so few rows: ${leftOut.rows} rows are to be moved, and each slot has more than maxRows allows`
          : 'There is nothing to move',
      );
    const plan: MigrationPlan = {
      batches: batchesOf(moves, rowsBySlot),
      ...(request.kind === 'add' && { weight: request.weight, ...(url && { url }) }),
    };
    return {
      task: { kind: request.kind, shard, plan, rowsTotal: rowsIn(moves, rowsBySlot) },
      report,
      overfull: await this.named(overfull, ring),
      ...(leftOut && { leftOut }),
    };
  }

  private named(slots: readonly OverfullSlot[], ring: HashRing): Promise<PlannedMigration['overfull']> {
    return Promise.all(
      slots.map(async (overfull) => {
        const key = await heaviestKey(this.registry, ring.ownerOf(overfull.slot), overfull.slot);
        return { ...overfull, ...(key && { key }) };
      }),
    );
  }

  /**
   * @param onPlanned told the plan before it is begun
   * @throws MigrationRunningError, and as `plan`
   */
  async begin(
    request: MigrationRequest,
    onPlanned: (planned: PlannedMigration) => void = () => {},
  ): Promise<MigrationTask> {
    await this.tasks.assertNone();
    const planned = await this.plan(request);
    onPlanned(planned);
    return this.tasks.create(planned.task);
  }

  /** The newest first. */
  list(limit = 20): Promise<MigrationTask[]> {
    return this.tasks.list(limit);
  }

  /** @throws MigrationNotFoundError */
  get(id: string): Promise<MigrationTask> {
    return this.tasks.get(id);
  }

  /** The coordinator stops after the step in hand. What is captured waits meanwhile. */
  pause(id: string): Promise<MigrationTask> {
    return this.want(id, 'pause');
  }

  resume(id: string): Promise<MigrationTask> {
    return this.want(id, 'run');
  }

  /**
   * Takes the migration back: also slots that are handed off, with all that was written to them since.
   * @throws InvalidMigrationError once it is being purged
   */
  async abort(id: string): Promise<MigrationTask> {
    const { state } = await this.tasks.get(id);
    if (wayBack(state) === undefined && state !== 'aborting' && state !== 'rolling-back')
      throw new InvalidMigrationError(`Migration ${id} is ${state}: it can’t be taken back any more`);
    return this.want(id, 'abort');
  }

  /** @throws MigrationNotFoundError; InvalidMigrationError when it is over or on its way back */
  private async want(id: string, wanted: MigrationTask['wanted']): Promise<MigrationTask> {
    const task = await this.tasks.get(id);
    if (isOver(task.state)) throw new InvalidMigrationError(`Migration ${id} is ${task.state}`);
    const way = task.wanted === 'abort' && wanted !== 'abort';
    if (way) throw new InvalidMigrationError(`Migration ${id} is being taken back`);
    await this.tasks.want(id, wanted);
    return this.tasks.get(id);
  }
}

function parseRequest(input: MigrationRequest): z.output<typeof migrationRequestSchema> {
  const parsed = migrationRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'request'} ${message}`);
  throw new InvalidMigrationError(`The migration can’t be planned: ${faults.join('; ')}`);
}
