import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { faultOf, typeOf } from '../../column-fault.js';
import { InvalidShardQueryError } from '../../sharded-entities.js';

/** How values of one kind of column are ordered as the database orders them, and how a cursor spells them. */
export interface SortKind {
  compare(a: unknown, b: unknown): number;
  toText(value: unknown): string;
  /** @returns the value as a parameter, or undefined when the text is not one that `toText` gives. */
  fromText(text: string): unknown;
}

/** 64-bit integers come as decimal text, which as text would sort 10 before 9. */
const integer: SortKind = {
  compare: (a, b) => sign(BigInt(a as string), BigInt(b as string)),
  toText: (value) => String(value),
  fromText: (text) => (/^(0|-?[1-9]\d{0,19})$/.test(text) ? text : undefined),
};

const unsigned: SortKind = {
  ...integer,
  fromText: (text) => (text.startsWith('-') ? undefined : integer.fromText(text)),
};

const SPACE = 0x20;

/**
 * As `utf8mb4_bin` does: by code point, which is the order of UTF-8 bytes and not that of JavaScript's units, and as if
 * the shorter text went on with spaces (`PAD SPACE`).
 */
const text: SortKind = {
  compare(a, b) {
    const [x, y] = [Buffer.from(a as string), Buffer.from(b as string)];
    const shared = Math.min(x.length, y.length);
    return x.compare(y, 0, shared, 0, shared) || tailOf(x, shared) - tailOf(y, shared);
  },
  toText: (value) => value as string,
  fromText: (value) => value,
};

const time: SortKind = {
  compare: (a, b) => sign((a as Date).getTime(), (b as Date).getTime()),
  toText: (value) => String((value as Date).getTime()),
  fromText(value) {
    const date = new Date(/^(0|-?[1-9]\d{0,15})$/.test(value) ? Number(value) : NaN);
    return Number.isNaN(date.getTime()) ? undefined : date;
  },
};

const kinds: Partial<Record<string, SortKind>> = {
  bigint: integer,
  int: integer,
  mediumint: integer,
  smallint: integer,
  varchar: text,
  char: text,
  datetime: time,
  timestamp: time,
};

/** What a Date can hold: with finer times a cursor would skip rows. */
const DATE_PRECISION = 3;

/**
 * @throws InvalidShardQueryError when JavaScript can't be sure to order the column as the database does: it may be null,
 *   has another type, is translated on its way, is finer than a Date, or is text that its
 *   entity does not say to be `utf8mb4_bin`.
 */
export function sortKindOf(metadata: EntityMetadata, property: string): SortKind {
  const column = metadata.findColumnWithPropertyName(property);
  const fault = column ? orderFaultOf(column) : 'is no column';
  if (fault === undefined) return kindOf(column!)!;
  throw new InvalidShardQueryError(`${metadata.name} can’t be paged by ${property}: it ${fault}`);
}

function kindOf(column: ColumnMetadata): SortKind | undefined {
  const kind = kinds[typeOf(column)];
  return kind === integer && column.unsigned ? unsigned : kind;
}

function orderFaultOf(column: ColumnMetadata): string | undefined {
  const kind = kindOf(column);
  if (!kind) return `has the type ${typeOf(column)}`;
  if (column.isNullable) return 'may be null';
  if (kind === time && (column.precision ?? 0) > DATE_PRECISION) return 'is finer than a millisecond';
  // With a collation that ignores case, rows would be lost between two pages.
  return faultOf(column);
}

function sign<T extends bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** −1, 0 or 1: how what is beyond `from` compares to nothing but spaces. */
function tailOf(bytes: Buffer, from: number): number {
  const first = bytes.subarray(from).find((byte) => byte !== SPACE);
  return first === undefined ? 0 : sign(first, SPACE);
}
