import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** The one by which the database tells texts apart as JavaScript does, but for spaces at the end (`PAD SPACE`). */
const TEXT_COLLATION = 'utf8mb4_bin';

const textTypes = new Set(['varchar', 'char']);

/** The type as MySQL names it. */
export function typeOf(column: ColumnMetadata): string {
  return column.entityMetadata.connection.driver.normalizeType(column);
}

/** @returns why JavaScript and the database can't be sure to mean the same by a value of the column. */
export function faultOf(column: ColumnMetadata): string | undefined {
  const { transformer, collation } = column;
  if (transformer) return 'has a transformer';
  // Undeclared it is the server's default, which on most ignores case.
  if (textTypes.has(typeOf(column)) && collation !== TEXT_COLLATION)
    return `must say collation: '${TEXT_COLLATION}', and says ${collation ?? 'none'}`;
  return undefined;
}
