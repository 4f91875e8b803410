import { z } from 'zod';
import { heaviestKey, type HeavyKey } from '../overview/heaviest-key.js';
import { countRowsBySlot } from '../overview/rows-by-slot.js';
import { HashRing } from '../ring/hash-ring.js';
import type { PlanReport } from '../ring/planning/plan-report.js';
import { maxRows, parseRingChange } from '../ring/planning/ring-change.js';
import { type LeftOut, rowsIn } from '../ring/planning/ring-plan.js';
import type { OverfullSlot } from '../ring/planning/overfull-slots.js';
import { shardNameSchema, urlReferenceSchema } from '../ring/topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { TopologyStore } from '../topology/topology.store.js';
import { logBacklogOf } from './log-backlog.js';
import { batchesOf, type MigrationPlan } from './migration-plan.js';
import { type MigrationView, viewOf } from './migration-progress.js';
import { ACTIVE_STATES, REVERSIBLE_STATES } from './migration-state.js';
import { assertFreshShard } from './target-check.js';
import { MigrationStateError, type MigrationTask, type TaskStore } from './task.store.js';
import { InvalidMigrationError } from './typed-tables.js';

export const migrationRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('add'),
    shard: shardNameSchema,
    weight: z.number().min(0.01).max(100).default(1),
    /** Where its URL is, unless each process has it in its configuration. Default: the file with the shard's name. */
    url: z.strictObject(urlReferenceSchema.shape).optional(),
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

export interface MigrationDetail extends MigrationView {
  /** Captured writes that wait to be carried over; null while a shard that has them does not answer. */
  logRows: number | null;
}

const PAST = { run: 'resumed', pause: 'paused', abort: 'taken back' } as const;

/** What operators ask of migrations; a `MigrationRunner` carries them out. */
export class ShardMigrations {
  constructor(
    private readonly tasks: TaskStore,
    private readonly store: TopologyStore,
    private readonly registry: ShardRegistry,
  ) {}

  /**
   * What `begin` would have done, and nothing happens. Rows are counted, which takes seconds to minutes.
   * @throws MigrationRunningError, InvalidRingChangeError, InvalidMigrationError, ShardUnavailableError
   */
  async plan(input: MigrationRequest): Promise<PlannedMigration> {
    const request = parseRequest(input);
    await this.tasks.assertNone();
    const ring = new HashRing(await this.store.current());
    const rowsBySlot = await countRowsBySlot(this.registry, ring);
    const shard = request.kind === 'rebalance' ? null : request.shard;
    const url = request.kind === 'add' ? (request.url ?? { file: request.shard }) : undefined;
    const { url: _reference, ...change } = { url, ...request };
    const { moves, report, overfull, leftOut } = ring.plan(parseRingChange({ ...change, rowsBySlot }));
    if (shard !== null && url) await assertFreshShard(this.registry, { shard, url }, ring.shards);
    if (moves.length === 0)
      throw new InvalidMigrationError(
        leftOut
          ? `There is nothing to move with so few rows: ${leftOut.rows} rows are to be moved, and each slot has more than maxRows allows`
          : 'There is nothing to move',
      );
    const plan: MigrationPlan = {
      batches: batchesOf(moves, rowsBySlot),
      ...(request.kind === 'add' && { weight: request.weight, ...(url && { url: url.file }) }),
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
   * @throws as `plan`
   */
  async begin(
    request: MigrationRequest,
    onPlanned: (planned: PlannedMigration) => void = () => {},
  ): Promise<MigrationView> {
    const planned = await this.plan(request);
    onPlanned(planned);
    return viewOf(await this.tasks.create(planned.task));
  }

  /** The newest first. @param before the id of the last one of the page before */
  async list(limit = 20, before?: string): Promise<MigrationView[]> {
    return (await this.tasks.list(limit, before)).map(viewOf);
  }

  /** @throws MigrationNotFoundError */
  async get(id: string): Promise<MigrationDetail> {
    const task = await this.tasks.get(id);
    return { ...viewOf(task), logRows: await logBacklogOf(this.registry, task) };
  }

  /** The coordinator stops after the step in hand. What is captured waits meanwhile. */
  pause(id: string): Promise<MigrationView> {
    return this.want(id, 'pause');
  }

  resume(id: string): Promise<MigrationView> {
    return this.want(id, 'run');
  }

  /**
   * Takes the migration back: also slots that are handed off, with all that was written to them since.
   * @throws MigrationNotFoundError; MigrationStateError once rows are being purged, or it is over
   */
  abort(id: string): Promise<MigrationView> {
    return this.want(id, 'abort', REVERSIBLE_STATES);
  }

  /** @throws MigrationNotFoundError; MigrationStateError when it is over or an operator has it taken back */
  private async want(
    id: string,
    wanted: MigrationTask['wanted'],
    states = ACTIVE_STATES,
  ): Promise<MigrationView> {
    await this.tasks.get(id);
    const isWanted = await this.tasks.want(id, wanted, states);
    const task = await this.tasks.get(id);
    if (isWanted) return viewOf(task);
    const { state } = task;
    const why = states.includes(state) ? 'being taken back' : state;
    throw new MigrationStateError(`Migration ${id} is ${why}: it can’t be ${PAST[wanted]} any more`);
  }
}

function parseRequest(input: MigrationRequest): z.output<typeof migrationRequestSchema> {
  const parsed = migrationRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'request'} ${message}`);
  throw new InvalidMigrationError(`The migration can’t be planned: ${faults.join('; ')}`);
}
