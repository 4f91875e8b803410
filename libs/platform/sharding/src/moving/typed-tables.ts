import { appError } from '@fourfold/kernel';
import type { MovedTable } from '../moved-table.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { COLUMN_TYPES, type TypedTable, UNIQUE_INDEX } from './row-sql.js';

/** A migration that can't be made, or not any further: no slot is given away. */
export class InvalidMigrationError extends appError('invalid-migration', 422, 'Invalid migration of slots') {}

/** Of a registry, or with a shard beside that is not in it. */
type Shards = Pick<ShardRegistry, 'entities' | 'run'>;

interface Column {
  type: string;
  derived: boolean;
}

/**
 * The tables of the catalogue with their columns' types, which all the shards must have alike.
 * @throws InvalidMigrationError naming the shard, the table and the column that differs, is in no entity of this process,
 *   or is unique: a row could be kept out of the target by another one that is to be deleted there
 */
export async function typedTables(registry: Shards, shards: readonly string[]): Promise<TypedTable[]> {
  const catalogue = await registry.entities.catalogue();
  return Promise.all(catalogue.map((table) => typedTable(registry, shards, table)));
}

/** The same as they are on one shard, whatever they are like. */
export async function tablesOn(registry: Shards, shard: string): Promise<TypedTable[]> {
  const catalogue = await registry.entities.catalogue();
  return Promise.all(
    catalogue.map(async (table) => withTypes(table, await columnsOf(registry, shard, table.table))),
  );
}

async function typedTable(
  registry: Shards,
  shards: readonly string[],
  table: MovedTable,
): Promise<TypedTable> {
  const [first, ...others] = await Promise.all(
    shards.map(async (shard) => ({ shard, columns: await columnsOf(registry, shard, table.table) })),
  );
  const { shard, columns } = first!;
  const missing = table.columns.find((column) => !columns.has(column));
  if (missing) throw differs(shard, table.table, missing);
  for (const other of others)
    for (const column of new Set([...columns.keys(), ...other.columns.keys()]))
      if (other.columns.get(column)?.type !== columns.get(column)?.type)
        throw differs(other.shard, table.table, column);
  const mapped = new Set([...table.columns, table.slotColumn]);
  for (const [column, { derived }] of columns)
    if (!derived && !mapped.has(column))
      throw new InvalidMigrationError(
        `${shard} has ${table.table}.${column}, which this release does not know and would lose: slots are moved by workers of the release that added it`,
      );
  const [unique] = await query<{ name: string }>(registry, shard, UNIQUE_INDEX, table.table);
  if (unique)
    throw new InvalidMigrationError(
      `${table.table} has the unique index ${unique.name} beside its primary key`,
    );
  return withTypes(table, columns);
}

function withTypes(table: MovedTable, columns: ReadonlyMap<string, Column>): TypedTable {
  return { ...table, types: new Map(Array.from(columns, ([name, { type }]) => [name, type])) };
}

function differs(shard: string, table: string, column: string): InvalidMigrationError {
  return new InvalidMigrationError(
    `${shard} has another schema: ${table}.${column} is missing or of another type there. Run \`npm run migrate\``,
  );
}

async function columnsOf(registry: Shards, shard: string, table: string): Promise<Map<string, Column>> {
  const columns = await query<{ name: string; type: string; derived: unknown }>(
    registry,
    shard,
    COLUMN_TYPES,
    table,
  );
  return new Map(columns.map(({ name, type, derived }) => [name, { type, derived: Number(derived) === 1 }]));
}

function query<T>(registry: Shards, shard: string, sql: string, table: string): Promise<T[]> {
  return registry.run(shard, (runner) => runner.query(sql, [table]) as Promise<T[]>);
}
