import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** It compares texts as JavaScript does, except for spaces at the end (`PAD SPACE`). */
const TEXT_COLLATION = 'utf8mb4_bin';

const textTypes = new Set(['varchar', 'char']);

/** The type as MySQL names it. */
export function typeOf(column: ColumnMetadata): string {
  return column.entityMetadata.connection.driver.normalizeType(column);
}

/** @returns why JavaScript and the database may read a value of the column differently; undefined where they don't */
export function faultOf(column: ColumnMetadata): string | undefined {
  const { transformer, collation } = column;
  if (transformer) return 'has a transformer';
  // Undeclared it is the server's default, which on most ignores case.
  if (textTypes.has(typeOf(column)) && collation !== TEXT_COLLATION)
    return `must say collation: '${TEXT_COLLATION}', and says ${collation ?? 'none'}`;
  return undefined;
}
