import type { QueryResult, ResultValue } from '@shop/warehouse';

/** Wider cells are cut: a table is for reading. */
const WIDEST = 60;

const textOf = (value: ResultValue | undefined): string => {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** Control characters would move a terminal's cursor. */
const cell = (value: ResultValue | undefined): string => {
  const text = textOf(value).replaceAll(/\p{Cc}/gu, ' ');
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
};

const isNumber = (value: ResultValue | undefined): boolean => /^-?\d+(\.\d+)?$/.test(textOf(value));

/** A table of text, numbers to the right. */
export function tableOf({ columns, rows }: QueryResult): string {
  const cells = rows.map((row) => row.map(cell));
  const right = columns.map((_, at) => rows.length > 0 && rows.every((row) => isNumber(row[at])));
  const widths = columns.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => (right[at] ? text.padStart(widths[at]!) : text.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [
    line(columns),
    rule,
    ...cells.map(line),
    `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`,
  ].join('\n');
}
