import type { EntityManager } from 'typeorm';
import type { SlotRange } from '../fence/fence.js';
import { FenceConflictError } from '../fence/shard.fences.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import {
  deleteKeys,
  deleteSome,
  digestOf,
  insertRows,
  pageOf,
  type Place,
  placeOf,
  rowsOfKeys,
  type RowValues,
  type Statement,
  type TypedTable,
} from './row-sql.js';

/** From which shard to which, by which coordinator. */
export interface Transport {
  source: string;
  target: string;
  token: number;
}

export interface CopiedPage {
  rows: number;
  /** Where to go on; undefined when the span is copied. */
  next: Place | undefined;
}

/** A key and its slot. */
export interface KeyInSlot {
  slot: number;
  key: string;
}

const DEADLINE_MS = 30_000;
const INTEGER = /^-?\d+$/;
const MOST_ROWS_A_STATEMENT = 1_000;

/** Waits for a copy or an apply under way. Uses the primary key. */
const HOLD = `
  SELECT slot FROM ring_fence WHERE slot IN (?) AND mode = 'foreign' AND token = ? ORDER BY slot FOR UPDATE`;

/**
 * Moves rows of slots onto a shard to which they are foreign. Every change there is one transaction, which first locks the
 * fences of the slots and sees the coordinator's token in them, and reads the source only then: what it writes is newer
 * than whatever was written before it, and a coordinator that was overtaken writes nothing. So copies and applies may
 * be repeated and come in any order. Every method throws FenceConflictError and ShardUnavailableError.
 */
export class RowMover {
  constructor(
    private readonly registry: ShardRegistry,
    private readonly tables: readonly TypedTable[],
  ) {}

  get tableCount(): number {
    return this.tables.length;
  }

  /** Copies up to `limit` rows of one table. */
  copyPage(
    { source, target, token }: Transport,
    span: SlotRange,
    { table: index, after, limit }: { table: number; after: Place | undefined; limit: number },
  ): Promise<CopiedPage> {
    const table = this.tables[index]!;
    return this.holding(target, token, slotsOf(span), async (manager) => {
      const found = await this.read(source, pageOf(table, span, limit, after));
      await insert(manager, table, found);
      const last = found.at(-1);
      const next = found.length === limit && last ? placeOf(table, last.slot, last.values) : undefined;
      return { rows: found.length, next };
    });
  }

  /** Makes all rows of the keys on the target what they are on the source. */
  async apply({ source, target, token }: Transport, keys: readonly KeyInSlot[]): Promise<void> {
    const slots = [...new Set(keys.map(({ slot }) => slot))].sort((a, b) => a - b);
    const names = [...new Set(keys.map(({ key }) => key))];
    await this.holding(target, token, slots, async (manager) => {
      for (const table of this.tables) {
        const own = table.integerKey ? names.filter((key) => INTEGER.test(key)) : names;
        if (own.length === 0) continue;
        const rows = await this.read(source, rowsOfKeys(table, own));
        await run(manager, deleteKeys(table, own));
        await insert(manager, table, rows);
      }
    });
  }

  /** Deletes up to `limit` rows of slots that are foreign to `target`. @returns how many there were */
  async clear(
    { target, token }: Omit<Transport, 'source'>,
    span: SlotRange,
    { table, limit }: { table: number; limit: number },
  ): Promise<{ rows: number }> {
    const { affectedRows } = await this.holding(target, token, slotsOf(span), (manager) =>
      run<{ affectedRows: number }>(manager, deleteSome(this.tables[table]!, span, limit)),
    );
    return { rows: affectedRows };
  }

  /** The slots of the span whose rows are not the same on both shards, by table and slot; in no order. */
  async differences({ source, target }: Omit<Transport, 'token'>, span: SlotRange): Promise<number[]> {
    const differing = await Promise.all(
      this.tables.map(async (table) => {
        const [a, b] = await Promise.all([source, target].map((shard) => this.digests(shard, table, span)));
        return slotsOf(span).filter((slot) => a!.get(slot) !== b!.get(slot));
      }),
    );
    return [...new Set(differing.flat())];
  }

  private async digests(shard: string, table: TypedTable, span: SlotRange): Promise<Map<number, string>> {
    const { sql, parameters } = digestOf(table, span);
    const rows = await this.registry.run(
      shard,
      (runner) =>
        runner.query(sql, parameters) as Promise<{ slot: number; found: unknown; digest: string }[]>,
      DEADLINE_MS,
    );
    return new Map(rows.map(({ slot, found, digest }) => [Number(slot), `${String(found)} ${digest}`]));
  }

  private async read(shard: string, { sql, parameters }: Statement): Promise<MovedRow[]> {
    const rows = await this.registry.run(
      shard,
      (runner) => runner.query(sql, parameters) as Promise<Record<string, string | Buffer | null>[]>,
      DEADLINE_MS,
    );
    return rows.map(({ slot, ...values }) => ({ slot: Number(slot), values: Object.values(values) }));
  }

  private holding<T>(
    shard: string,
    token: number,
    slots: readonly number[],
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const transaction = async (manager: EntityManager): Promise<T> => {
      const held = await manager.query<unknown[]>(HOLD, [slots, token]);
      if (held.length === slots.length) return work(manager);
      throw new FenceConflictError(
        `${slots.length - held.length} fences of ${shard} are not this coordinator's`,
      );
    };
    return this.registry.transaction(shard, transaction, { deadlineMs: DEADLINE_MS });
  }
}

interface MovedRow {
  slot: number;
  values: RowValues;
}

async function insert(manager: EntityManager, table: TypedTable, rows: readonly MovedRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += MOST_ROWS_A_STATEMENT) {
    const some = rows.slice(at, at + MOST_ROWS_A_STATEMENT).map(({ values }) => values);
    await run(manager, insertRows(table, some));
  }
}

function run<T>(manager: EntityManager, { sql, parameters }: Statement): Promise<T> {
  return manager.query<T>(sql, parameters);
}

function slotsOf({ from, to }: SlotRange): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
