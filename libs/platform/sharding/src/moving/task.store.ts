import { isDuplicateKey } from '@fourfold/db-routing';
import { appError } from '@fourfold/kernel';
import type { Topology } from '../ring/topology.js';
import type { SqlExecutor } from '../sql-executor.js';
import { type MigrationPlan, migrationPlanSchema } from './migration-plan.js';
import { ACTIVE_STATES, isOneStep, mayFollow, type MigrationState } from './migration-state.js';

export class MigrationRunningError extends appError('migration-running', 409, 'Migration running') {}
export class MigrationNotFoundError extends appError('migration-not-found', 404, 'Unknown migration') {}

/** What an operator wants does not go with the state that a migration is in: nothing has changed. */
export class MigrationStateError extends appError('migration-state', 409, 'Migration in another state') {}

/** Another coordinator has the migration, or it is in another state: this one stops. */
export class MigrationLostError extends appError('migration-lost', 409, 'Migration taken over') {}

export const MIGRATION_KINDS = ['add', 'remove', 'rebalance'] as const;
export type MigrationKind = (typeof MIGRATION_KINDS)[number];

/** What an operator has last asked of a migration. */
export const WANTED = ['run', 'pause', 'abort'] as const;

/** A migration as `ring_task` has it. */
export interface MigrationTask {
  id: string;
  kind: MigrationKind;
  /** That is added or removed. */
  shard: string | null;
  plan: MigrationPlan;
  state: MigrationState;
  wanted: (typeof WANTED)[number];
  token: number;
  /** Batches that this state has dealt with. */
  done: number;
  handedOff: number;
  rowsTotal: number;
  rowsCopied: number;
  mismatches: number;
  longestFreezeMs: number;
  error: string | null;
  createdAt: Date;
  /** Since when it has been in this state; `frozen` and `handed-off`, which alternate, count as one. */
  stateSince: Date;
  /** How long that is, by the server's clock. */
  inStateMs: number;
}

/** What a coordinator may write beside the state. */
export type Progress = Partial<
  Pick<MigrationTask, 'done' | 'handedOff' | 'rowsCopied' | 'mismatches' | 'longestFreezeMs' | 'error'>
>;

const COLUMNS = `
  id, kind, shard, plan, state, wanted, token, done, handed_off AS handedOff, rows_total AS rowsTotal,
  rows_copied AS rowsCopied, mismatches, longest_freeze_ms AS longestFreezeMs, error, created_at AS createdAt,
  state_since AS stateSince, TIMESTAMPDIFF(MICROSECOND, state_since, UTC_TIMESTAMP(3)) / 1000 AS inStateMs`;

/** Primary key, backwards. */
const NEWEST = `SELECT ${COLUMNS} FROM ring_task ORDER BY id DESC LIMIT ?`;
const BEFORE = `SELECT ${COLUMNS} FROM ring_task WHERE id < CAST(? AS UNSIGNED) ORDER BY id DESC LIMIT ?`;

const CREATE = `
  INSERT INTO ring_task (kind, shard, plan, state, token, rows_total, created_at, state_since)
  SELECT ?, ?, ?, 'planned', COALESCE(MAX(token), 0) + 1, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM ring_task`;

/** By ring_task_active, whose one row it locks. */
const CLAIM = `
  UPDATE ring_task
  SET token = token + 1, holder = ?, lease_expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
  WHERE active = 1 AND wanted <> 'pause' AND (holder IS NULL OR lease_expires_at <= UTC_TIMESTAMP(3))`;

/** What is taken back is taken back for good. */
const WANT = `
  UPDATE ring_task SET wanted = ? WHERE id = ? AND state IN (?) AND (wanted <> 'abort' OR wanted = ?)`;

const RENEW = `
  UPDATE ring_task SET lease_expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE id = ? AND token = ?`;

const RELEASE = 'UPDATE ring_task SET holder = NULL, lease_expires_at = NULL WHERE id = ? AND token = ?';

/** The topology follows only from the coordinator that has the migration. */
const PUBLISH = `
  INSERT INTO shard_topology (epoch, document, created_at)
  SELECT ?, ?, UTC_TIMESTAMP(3) FROM ring_task WHERE id = ? AND token = ? AND active = 1`;

/** Whichever coordinator it was. */
const PROGRESSED = 'progressed_at = UTC_TIMESTAMP(3)';
const isProgress = (names: readonly string[]) => names.includes('done') || names.includes('handedOff');

const columnOf: Record<keyof Progress, string> = {
  done: 'done',
  handedOff: 'handed_off',
  rowsCopied: 'rows_copied',
  mismatches: 'mismatches',
  longestFreezeMs: 'longest_freeze_ms',
  error: 'error',
};

/** The migrations, on the main cluster. What a coordinator writes is conditional on its token, and on the state. */
export class TaskStore {
  constructor(
    private readonly main: SqlExecutor,
    private readonly leaseMs = 5_000,
  ) {}

  /** @throws MigrationRunningError while another one is not over */
  async create(task: Pick<MigrationTask, 'kind' | 'shard' | 'plan' | 'rowsTotal'>): Promise<MigrationTask> {
    try {
      const plan = JSON.stringify(migrationPlanSchema.parse(task.plan));
      const parameters = [task.kind, task.shard, plan, task.rowsTotal];
      const { insertId } = await this.main.query<{ insertId: number }>(CREATE, parameters);
      return await this.get(String(insertId));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      await this.assertNone();
      throw error;
    }
  }

  /** @throws MigrationRunningError */
  async assertNone(): Promise<void> {
    const active = await this.active();
    if (active)
      throw new MigrationRunningError(`Migration ${active.id} is ${active.state}: one runs at a time`);
  }

  async active(): Promise<MigrationTask | undefined> {
    return (await this.select('WHERE active = 1', []))[0];
  }

  /** @throws MigrationNotFoundError */
  async get(id: string): Promise<MigrationTask> {
    const [task] = /^\d{1,19}$/.test(id) ? await this.select('WHERE id = CAST(? AS UNSIGNED)', [id]) : [];
    if (task) return task;
    throw new MigrationNotFoundError(`There is no migration ${id}`);
  }

  /** The newest first. @param before the id that those of a page before end with */
  list(limit: number, before?: string): Promise<MigrationTask[]> {
    return before === undefined ? this.tasks(NEWEST, [limit]) : this.tasks(BEFORE, [before, limit]);
  }

  /** @returns false when it is in none of these states, or is being taken back and something else is wanted */
  async want(
    id: string,
    wanted: MigrationTask['wanted'],
    states: readonly MigrationState[] = ACTIVE_STATES,
  ): Promise<boolean> {
    const parameters = [wanted, id, states, wanted];
    const { affectedRows } = await this.main.query<{ affectedRows: number }>(WANT, parameters);
    return affectedRows === 1;
  }

  /** @returns the migration that is this coordinator's from now on; undefined where there is none, it is paused, or another has it */
  async claim(holder: string): Promise<MigrationTask | undefined> {
    await this.main.query(CLAIM, [holder, this.leaseMs * 1_000]);
    return (await this.select('WHERE active = 1 AND holder = ?', [holder]))[0];
  }

  /** @throws MigrationLostError */
  async renew({ id, token }: MigrationTask): Promise<void> {
    await this.changeOne(RENEW, [this.leaseMs * 1_000, id, token]);
  }

  async release({ id, token }: MigrationTask): Promise<void> {
    await this.main.query(RELEASE, [id, token]);
  }

  /** @throws MigrationLostError */
  async note(task: MigrationTask, progress: Progress): Promise<void> {
    const names = Object.keys(progress) as (keyof Progress)[];
    const set = [
      ...names.map((name) => `${columnOf[name]} = ?`),
      ...(isProgress(names) ? [PROGRESSED] : []),
    ].join(', ');
    const sql = `UPDATE ring_task SET ${set} WHERE id = ? AND state = ? AND token = ?`;
    await this.changeOne(sql, [...names.map((name) => progress[name]), task.id, task.state, task.token]);
    Object.assign(task, progress);
  }

  /**
   * Into the next state, whose batches begin anew.
   * @throws MigrationLostError, also when rows are to be purged and an operator wants the migration taken back: of the two
   *   who change the row the first one wins, so what an operator was told holds
   */
  async pass(task: MigrationTask, state: MigrationState, progress: Progress = {}): Promise<void> {
    if (!mayFollow(task.state, state))
      throw new Error(`A migration that is ${task.state} can't become ${state}`);
    const all: Progress = { done: 0, error: null, ...progress };
    const names = Object.keys(all) as (keyof Progress)[];
    const set = names
      .map((name) => `${columnOf[name]} = ?`)
      .concat(PROGRESSED)
      .join(', ');
    const goesOn = isOneStep(task.state, state);
    const sql = `
      UPDATE ring_task SET state = ?, ${goesOn ? '' : 'state_since = UTC_TIMESTAMP(3), '}${set}
      WHERE id = ? AND state = ? AND token = ?${state === 'purging' ? " AND wanted <> 'abort'" : ''}`;
    const values = names.map((name) => all[name]);
    await this.changeOne(sql, [state, ...values, task.id, task.state, task.token]);
    Object.assign(task, all, { state }, !goesOn && { inStateMs: 0 });
  }

  /** @returns false when a topology of its epoch is there already. @throws MigrationLostError */
  async publish({ id, token }: MigrationTask, topology: Topology): Promise<boolean> {
    try {
      await this.changeOne(PUBLISH, [topology.epoch, JSON.stringify(topology), id, token]);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** mysql2 counts the rows that were found. */
  private async changeOne(sql: string, parameters: unknown[]): Promise<void> {
    const { affectedRows } = await this.main.query<{ affectedRows: number }>(sql, parameters);
    if (affectedRows === 1) return;
    throw new MigrationLostError('Another coordinator has the migration now, or it is in another state');
  }

  private select(which: string, parameters: unknown[]): Promise<MigrationTask[]> {
    return this.tasks(`SELECT ${COLUMNS} FROM ring_task ${which}`, parameters);
  }

  private async tasks(sql: string, parameters: unknown[]): Promise<MigrationTask[]> {
    const rows = await this.main.query<Record<keyof MigrationTask, unknown>[]>(sql, parameters);
    return rows.map((row) => {
      const number = (name: keyof MigrationTask) => Number(row[name]);
      return {
        ...(row as unknown as MigrationTask),
        id: String(row.id),
        plan: migrationPlanSchema.parse(typeof row.plan === 'string' ? JSON.parse(row.plan) : row.plan),
        token: number('token'),
        rowsTotal: number('rowsTotal'),
        rowsCopied: number('rowsCopied'),
        inStateMs: number('inStateMs'),
      };
    });
  }
}
