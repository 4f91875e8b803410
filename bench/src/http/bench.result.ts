import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { verdict } from '../report.js';

/** A bound that is promised, and what was measured. */
export interface Bound {
  what: string;
  value: number;
  least?: number;
  most?: number;
}

/** What a bench has found, as its file in `bench/results/` has it. */
export interface BenchResult {
  bench: string;
  tables: { title: string; rows: Record<string, string>[] }[];
  bounds: Bound[];
}

export const atLeast = (what: string, value: number, least: number): Bound => ({
  what,
  value: rounded(value),
  least,
});
export const atMost = (what: string, value: number, most: number): Bound => ({
  what,
  value: rounded(value),
  most,
});
const rounded = (value: number): number => Number(value.toPrecision(4));

export function holds({
  value,
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
}: Bound): boolean {
  return value >= least && value <= most;
}

/** Three significant digits, and no exponent. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toLocaleString('en-GB', { maximumFractionDigits: Math.min(digits, 4) });
}

/** The tables in Markdown, and each bound with what became of it. */
export function markdownOf({ tables, bounds }: BenchResult): string {
  const bound = ({ least, most }: Bound) =>
    least === undefined ? `at most ${figure(most!)}` : `at least ${figure(least)}`;
  const boundRows = bounds.map((one) => ({
    what: one.what,
    measured: figure(one.value),
    bound: bound(one),
    '': verdict(holds(one)),
  }));
  return [
    ...tables.flatMap(({ title, rows }) => [`${title}:`, tableOf(rows)]),
    ...(boundRows.length > 0 ? ['Bounds:', tableOf(boundRows)] : []),
  ].join('\n\n');
}

/** Writes `<bench>.json` and `<bench>.md`. */
export function writeResult(folder: string, result: BenchResult, machine: string): void {
  mkdirSync(folder, { recursive: true });
  const file = (ending: string) => join(folder, `${result.bench}.${ending}`);
  writeFileSync(file('json'), `${JSON.stringify({ machine, ...result }, undefined, 2)}\n`);
  writeFileSync(file('md'), `# ${result.bench}\n\n${machine}\n\n${markdownOf(result)}\n`);
}

function tableOf(rows: readonly Record<string, string>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const widths = columns.map((column) =>
    Math.max(3, column.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  return [
    line(columns),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ''))),
  ].join('\n');
}

/** What was measured on. */
export function machine(): string {
  const month = new Date().toLocaleDateString('en-GB', { month: 'long', year: 'numeric' });
  return `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node.js ${process.versions.node}, ${month}; the client runs on the same cores.`;
}
