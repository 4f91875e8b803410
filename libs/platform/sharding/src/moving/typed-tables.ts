import { appError } from '@fourfold/kernel';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { COLUMN_TYPES, type TypedTable } from './row-sql.js';

/** A migration that can't be made: nothing was begun. */
export class InvalidMigrationError extends appError('invalid-migration', 422, 'Invalid migration of slots') {}

/**
 * The tables of the catalogue with their columns' types, which all the shards must have alike.
 * @throws InvalidMigrationError naming the shard, the table and the column that differs
 */
export async function typedTables(registry: ShardRegistry, shards: readonly string[]): Promise<TypedTable[]> {
  const catalogue = await registry.entities.catalogue();
  const tables: TypedTable[] = [];
  for (const table of catalogue) {
    const [first, ...others] = await Promise.all(
      shards.map(async (shard) => ({ shard, types: await typesOf(registry, shard, table.table) })),
    );
    const missing = table.columns.find((column) => !first!.types.has(column));
    if (missing) throw differs(first!.shard, table.table, missing);
    for (const { shard, types } of others)
      for (const column of new Set([...first!.types.keys(), ...types.keys()]))
        if (types.get(column) !== first!.types.get(column)) throw differs(shard, table.table, column);
    tables.push({ ...table, types: first!.types });
  }
  return tables;
}

function differs(shard: string, table: string, column: string): InvalidMigrationError {
  return new InvalidMigrationError(
    `${shard} has another schema: ${table}.${column} is missing or of another type there. Run \`npm run migrate\``,
  );
}

async function typesOf(registry: ShardRegistry, shard: string, table: string): Promise<Map<string, string>> {
  const columns = await registry.run(
    shard,
    (runner) => runner.query(COLUMN_TYPES, [table]) as Promise<{ name: string; type: string }[]>,
  );
  return new Map(columns.map(({ name, type }) => [name, type]));
}
