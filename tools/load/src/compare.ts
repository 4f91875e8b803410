import { readFileSync } from 'node:fs';
import { UsageError } from './command-line.js';
import { type LoadResult, loadResultSchema } from './load.result.js';

/** @throws UsageError for a file that is no result of this command */
export function readResult(file: string): LoadResult {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} can't be read as JSON: ${(error as Error).message}`);
  }
  const result = loadResultSchema.safeParse(json);
  if (result.success) return result.data;
  const [fault] = result.error.issues;
  throw new UsageError(`${file} is no result of npm run load: ${fault?.path.join('.')}: ${fault?.message}`);
}

/** A table of two runs beside each other, by route: the second as a part of the first. */
export function comparison(a: LoadResult, b: LoadResult): string {
  const lines = [row('', 'calls/s', 'errors', 'p50 ms', 'p99 ms', 'p99 b/a')];
  const names = [...new Set([...Object.keys(a.routes), ...Object.keys(b.routes)])].sort();
  const pairs = names.map((name) => [name, a.routes[name], b.routes[name]] as const);
  for (const [name, before, after] of [['all', a.all, b.all] as const, ...pairs]) {
    const both = (figure: (of: LoadResult['all']) => number): string =>
      [before, after].map((one) => (one ? shown(figure(one)) : '–')).join(' → ');
    const ratio = before && after && before.ms.p99 > 0 ? (after.ms.p99 / before.ms.p99).toFixed(2) : '–';
    lines.push(
      row(
        name,
        both(({ perSecond }) => perSecond),
        both(({ errors }) => errors),
        both(({ ms }) => ms.p50),
        both(({ ms }) => ms.p99),
        ratio,
      ),
    );
  }
  return lines.join('\n');
}

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

function row(name: string, ...cells: string[]): string {
  return name.padEnd(24) + cells.map((cell) => cell.padStart(18)).join('');
}
