import { raw } from 'mysql2';
import type { MovedTable } from '../moved-table.js';
import type { SlotRange } from '../fence/fence.js';

/** A table of the catalogue with the types of its columns, as the server spells them. */
export interface TypedTable extends MovedTable {
  readonly types: ReadonlyMap<string, string>;
}

/** Values as the server writes them as text; binary ones as they are. */
export type RowValues = readonly (string | Buffer | null)[];

export interface Statement {
  sql: string;
  parameters: unknown[];
}

/** `derived`: the server sets it by itself. */
export const COLUMN_TYPES = `
  SELECT column_name AS name, column_type AS type,
    COALESCE(generation_expression, '') <> '' OR LOWER(extra) LIKE '%on update%' AS derived
  FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = ?`;

export const UNIQUE_INDEX = `
  SELECT index_name AS name FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY'`;

/** The next rows of the span in the order of the index on `slot` and primary key, after the row `after`. */
export function pageOf(table: TypedTable, { from, to }: SlotRange, limit: number, after?: Place): Statement {
  const [name, literals] = [quoted(table.table), literalsOf(table)];
  const order = ['slot', ...table.primaryKey].map(quoted).join(', ');
  const key = table.primaryKey.map((column, index) => `${textOf(table, column)} AS k${index}`).join(', ');
  const [where, parameters] = after
    ? rowsAfter(table, after, to)
    : ['slot BETWEEN ? AND ?', [from, to] as unknown[]];
  const sql = `SELECT ${literals}, slot, ${key} FROM ${name} WHERE ${where} ORDER BY ${order} LIMIT ${limit}`;
  return { sql, parameters };
}

/** Where a page ended. */
export interface Place {
  slot: number;
  /** In the order of the primary key. */
  key: RowValues;
}

export function rowsOfKeys(table: TypedTable, keys: readonly string[]): Statement {
  return { sql: `SELECT ${literalsOf(table)} FROM ${ofKeys(table, keys)}`, parameters: [...keys] };
}

export function deleteKeys(table: TypedTable, keys: readonly string[]): Statement {
  return { sql: `DELETE FROM ${ofKeys(table, keys)}`, parameters: [...keys] };
}

export function deleteSome(table: TypedTable, { from, to }: SlotRange, limit: number): Statement {
  const name = quoted(table.table);
  const sql = `DELETE FROM ${name} WHERE slot BETWEEN ? AND ? LIMIT ${limit}`;
  return { sql, parameters: [from, to] };
}

/**
 * A row that is there already becomes equal to the one given.
 * @param rows as `literalsOf` has the server write them
 */
export function insertRows(table: TypedTable, rows: readonly string[]): Statement {
  const columns = table.columns.map(quoted);
  const set = columns.map((column) => `${column} = VALUES(${column})`).join(', ');
  const sql = `INSERT INTO ${quoted(table.table)} (${columns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ${set}`;
  // A parameter and no part of the text, which logs keep.
  return { sql, parameters: [raw(`(${rows.join('),(')})`)] };
}

/** Rows by slot. */
export function countOf(table: Pick<TypedTable, 'table'>, { from, to }: SlotRange): Statement {
  const sql = `
    SELECT slot, COUNT(*) AS found FROM ${quoted(table.table)} WHERE slot BETWEEN ? AND ? GROUP BY slot`;
  return { sql, parameters: [from, to] };
}

/** Rows by slot and a digest of all their values, which does not depend on an order. */
export function digestOf(table: TypedTable, { from, to }: SlotRange): Statement {
  const values = table.columns.map((column) =>
    isBinary(typeOf(table, column)) ? `QUOTE(HEX(${quoted(column)}))` : `QUOTE(${quoted(column)})`,
  );
  const row = `CAST(CONV(LEFT(MD5(CONCAT_WS(',', ${values.join(', ')})), 16), 16, 10) AS UNSIGNED)`;
  const sql = `
    SELECT slot, COUNT(*) AS found, CAST(BIT_XOR(${row}) AS CHAR) AS digest
    FROM ${quoted(table.table)} WHERE slot BETWEEN ? AND ? GROUP BY slot`;
  return { sql, parameters: [from, to] };
}

const ofKeys = (table: TypedTable, keys: readonly string[]): string => {
  const key = parameterFor(table, table.keyColumn);
  return `${quoted(table.table)} WHERE ${quoted(table.keyColumn)} IN (${keys.map(() => key).join(', ')})`;
};

function rowsAfter(table: TypedTable, { slot, key }: Place, to: number): [string, unknown[]] {
  const branches = ['(slot > ? AND slot <= ?)'];
  const parameters: unknown[] = [slot, to];
  table.primaryKey.forEach((column, index) => {
    const equal = table.primaryKey.slice(0, index);
    const terms = equal.map((name) => `${quoted(name)} = ${parameterFor(table, name)}`);
    terms.push(`${quoted(column)} > ${parameterFor(table, column)}`);
    branches.push(`(slot = ? AND ${terms.join(' AND ')})`);
    parameters.push(slot, ...key.slice(0, index + 1));
  });
  return [`(${branches.join(' OR ')})`, parameters];
}

/** Text that is compared with an integer would be compared as a double, which does not tell ids of 64 bits apart. */
function parameterFor(table: TypedTable, name: string): string {
  const type = typeOf(table, name);
  if (!/^(tiny|small|medium|big)?int/.test(type)) return '?';
  return type.includes('unsigned') ? 'CAST(? AS UNSIGNED)' : 'CAST(? AS SIGNED)';
}

const typeOf = ({ types }: TypedTable, column: string): string => types.get(column) ?? '';
const isBinary = (type: string): boolean => /binary|blob|^bit|geometry|point|polygon/.test(type);

/**
 * All values of a row as `literals`, spelled for the statement that inserts them: so each is one value for the driver on its way
 * from one server to the other, and not one a column.
 */
function literalsOf(table: TypedTable): string {
  const literals = table.columns.map((column) => {
    const [name, type] = [quoted(column), typeOf(table, column)];
    if (type.startsWith('bit')) return `IFNULL(CONCAT('b''', BIN(${name} + 0), ''''), 'NULL')`;
    if (isBinary(type)) return `IFNULL(CONCAT('x''', HEX(${name}), ''''), 'NULL')`;
    return `QUOTE(${textOf(table, column)})`;
  });
  return `CONCAT_WS(',', ${literals.join(', ')}) AS literals`;
}

function textOf(table: TypedTable, column: string): string {
  const [name, type] = [quoted(column), typeOf(table, column)];
  if (isBinary(type)) return name;
  // A FLOAT as text has six digits; as a DOUBLE all of them.
  return `CAST(${type.startsWith('float') ? `${name} + 0e0` : name} AS CHAR)`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
