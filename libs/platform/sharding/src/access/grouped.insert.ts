import { isMissingTable } from '@fourfold/db-routing';
import type { EntityManager } from 'typeorm';
import { passFences } from '../fence/pass-fences.js';
import { slotOf } from '../ring/slot.js';

/** Rows of one sharded table, one for each unit. */
export interface GroupedInsertOptions<U> {
  readonly table: string;
  /** The row's key first: a row whose key is there stays as it is. */
  readonly columns: readonly string[];
  readonly valuesOf: (unit: U) => readonly unknown[];
}

/**
 * Inserts rows of one shard. While all their slots are in mode `open` it takes one statement, which is a transaction by
 * itself: it locks the fences as `passFences` does, and selects the rows whose fences it found open. Where it selects fewer
 * rows than it was given, the whole is done again in a transaction with `passFences`: that one writes the log of slots in
 * mode `capture`, or says which slots are refused.
 */
export class GroupedInsert<U> {
  private readonly into: string;
  private readonly again: string;
  private readonly row: string;

  constructor(private readonly options: GroupedInsertOptions<U>) {
    const { table, columns } = options;
    this.into = `INSERT INTO ${table} (${columns.join(', ')})`;
    // Counted as one row whether it was there or not, since the driver asks for rows found.
    this.again = `ON DUPLICATE KEY UPDATE ${columns[0]} = ${table}.${columns[0]}`;
    this.row = `SELECT ? AS slot, ${columns.map((column) => `? AS ${column}`).join(', ')}`;
  }

  /** @param keys of the units, in their order */
  async run(
    manager: EntityManager,
    shard: string,
    units: readonly U[],
    keys: readonly string[],
  ): Promise<void> {
    const rows = units
      .map((unit, at) => ({ key: keys[at]!, slot: slotOf(keys[at]!), values: this.options.valuesOf(unit) }))
      // In one order: two transactions that have rows in common must not wait for each other.
      .toSorted((a, b) => compare(a.slot, b.slot) || compare(String(a.values), String(b.values)));
    if (await this.whereOpen(manager, rows)) return;
    await manager.transaction(async (inner) => {
      await passFences(inner, shard, [...new Set(rows.map(({ key }) => key))]);
      await inner.query(`${this.into} VALUES ? ${this.again}`, [rows.map(({ values }) => values)]);
    });
  }

  /** @returns whether all of the rows are there now */
  private async whereOpen(
    manager: EntityManager,
    rows: readonly { slot: number; values: readonly unknown[] }[],
  ): Promise<boolean> {
    const columns = this.options.columns.map((column) => `given.${column}`).join(', ');
    const given = `${this.row}${` UNION ALL ${this.row}`.repeat(rows.length - 1)}`;
    const { into, again } = this;
    const sql = `${into} SELECT ${columns} FROM (${given}) given
      STRAIGHT_JOIN ring_fence ON ring_fence.slot = given.slot
      WHERE ring_fence.mode = 'open' LOCK IN SHARE MODE ${again}`;
    const parameters = rows.flatMap(({ slot, values }) => [slot, ...values]);
    try {
      const { affectedRows } = await manager.query<{ affectedRows: number }>(sql, parameters);
      return affectedRows >= rows.length;
    } catch (error) {
      // `passFences` says which table that is.
      if (isMissingTable(error)) return false;
      throw error;
    }
  }
}

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
