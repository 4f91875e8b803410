import { isOutOfSpace } from '@fourfold/db-routing';
import type { EntityManager, QueryRunner } from 'typeorm';
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
  rowsOfKeys,
  type Statement,
  type TypedTable,
} from './row-sql.js';
import { InvalidMigrationError } from './typed-tables.js';

/** From which shard to which, by which coordinator. */
export interface Transport {
  source: string;
  target: string;
  token: number;
}

/** By number of a table that is not copied to its end, where to go on there; undefined: at its beginning. */
export type Places = ReadonlyMap<number, Place | undefined>;

export interface CopiedPage {
  rows: number;
  /** Where to go on; empty when the span is copied. */
  next: Places;
}

/** A key and its slot. */
export interface KeyInSlot {
  slot: number;
  key: string;
}

const DEADLINE_MS = 30_000;
const INTEGER = /^-?\d+$/;
/** Characters: a server takes 16 MiB by default, and parses what fits its buffers faster. */
const STATEMENT_LENGTH = 500_000;
/** Of a transaction that waits for its source. */
const IDLE_SECONDS = 10;

/** Waits for a copy or an apply under way. Uses the primary key. */
const HOLD = `
  SELECT slot FROM ring_fence WHERE slot IN (?) AND mode = 'foreign' AND token = ? ORDER BY slot FOR UPDATE`;

/**
 * Moves rows of slots onto a shard to which they are foreign. Every change there is one transaction, which first locks the
 * fences of the slots and sees the coordinator's token in them, and reads the source only then: what it writes is newer
 * than whatever was written before it, and a coordinator that was overtaken writes nothing. So copies and applies may
 * be repeated and come in any order. Every method throws FenceConflictError and ShardUnavailableError, and one that
 * writes InvalidMigrationError where the target has no room.
 */
export class RowMover {
  constructor(
    private readonly registry: ShardRegistry,
    private readonly tables: readonly TypedTable[],
  ) {}

  get tableCount(): number {
    return this.tables.length;
  }

  /** Where the copy of a span begins. */
  get beginning(): Places {
    return new Map(this.tables.map((_, index) => [index, undefined]));
  }

  /** Copies up to `limit` rows of each table that has any left. */
  copyPage(
    { source, target, token }: Transport,
    span: SlotRange,
    { places, limit }: { places: Places; limit: number },
  ): Promise<CopiedPage> {
    return this.holding(target, token, slotsOf(span), async (manager) => {
      const next = new Map<number, Place>();
      let rows = 0;
      let failed: unknown;
      const write = async (table: TypedTable, found: readonly MovedRow[]) => {
        try {
          await insert(manager, table, found);
        } catch (error) {
          failed = error;
          throw error;
        }
      };
      const copy = async (runner: QueryRunner): Promise<void> => {
        // While the one server writes a table's rows, the other one reads those of the next.
        let writing = Promise.resolve();
        for (const [index, after] of places) {
          const table = this.tables[index]!;
          const { sql, parameters } = pageOf(table, span, limit, after);
          const reading = runner.query(sql, parameters) as Promise<PagedRow[]>;
          const [found] = await Promise.all([reading, writing]);
          writing = write(table, found);
          rows += found.length;
          const last = found.at(-1);
          if (last && found.length === limit) next.set(index, placeOf(last));
        }
        await writing;
      };
      // A target that breaks off is not the source's fault.
      await this.registry.run(source, copy, DEADLINE_MS).catch((error: unknown) => {
        throw failed ?? error;
      });
      return { rows, next };
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

  private read(shard: string, { sql, parameters }: Statement): Promise<MovedRow[]> {
    return this.registry.run(
      shard,
      (runner) => runner.query(sql, parameters) as Promise<MovedRow[]>,
      DEADLINE_MS,
    );
  }

  private async holding<T>(
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
    try {
      return await this.registry.transaction(shard, transaction, {
        deadlineMs: DEADLINE_MS,
        idleSeconds: IDLE_SECONDS,
      });
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      const said = (error as Error).message;
      throw new InvalidMigrationError(`${shard} has no room left: ${said}`, { cause: error });
    }
  }
}

/** A row as `insertRows` takes it; null where it is longer than the server lets anything be. */
interface MovedRow {
  literals: string | null;
}

/** With its slot and, after that, its primary key. */
interface PagedRow extends MovedRow {
  slot: number;
}

function placeOf({ literals: _literals, slot, ...key }: PagedRow): Place {
  return { slot, key: Object.values(key) };
}

async function insert(manager: EntityManager, table: TypedTable, rows: readonly MovedRow[]): Promise<void> {
  let some: string[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    if (some.length > 0) await run(manager, insertRows(table, some));
    [some, length] = [[], 0];
  };
  for (const { literals } of rows) {
    if (literals === null)
      throw new Error(`A row of ${table.table} is longer than max_allowed_packet of its server`);
    some.push(literals);
    length += literals.length;
    if (length >= STATEMENT_LENGTH) await flush();
  }
  await flush();
}

function run<T>(manager: EntityManager, { sql, parameters }: Statement): Promise<T> {
  return manager.query<T>(sql, parameters);
}

function slotsOf({ from, to }: SlotRange): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
