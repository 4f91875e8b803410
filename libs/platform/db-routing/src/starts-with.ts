import { And, type FindOperator, LessThan, MoreThan, Raw } from 'typeorm';

const LAST_CODE_POINT = 0x10ffff;

/**
 * A condition for `where`: text that begins with `prefix`, in a column of the collation `utf8mb4_bin`. No character of
 * `prefix` is a wildcard. It takes the place of `Like('…%')`, for which MariaDB reads the index only up to U+FFFF behind
 * the prefix: with such a plan it leaves out whatever goes on with a character above. So the bounds are written out, and
 * what begins with the prefix is decided by LOCATE, which no plan changes.
 */
export function startsWith(prefix: string): FindOperator<string> {
  const text = prefix.toWellFormed();
  // Of one prefix the same name and value wherever it stands in a query.
  const parameter = `prefix_${Buffer.from(text).toString('hex')}`;
  const sql = (column: string) => `LOCATE(:${parameter}, ${column}) = 1`;
  const begins = Raw(sql, { [parameter]: text }) as FindOperator<string>;
  const [above, below] = [boundBefore(text), boundBehind(text)];
  return And(
    ...(above === undefined ? [] : [MoreThan(above)]),
    ...(below === undefined ? [] : [LessThan(below)]),
    begins,
  );
}

/**
 * Text before everything that begins with `prefix`. The prefix itself would not do: the collation compares as if the
 * shorter text went on with spaces, so what goes on with a control character comes before it.
 */
export function boundBefore(prefix: string): string | undefined {
  const [rest, last] = splitLast(prefix);
  if (last === undefined) return undefined;
  return last === 0 ? boundBefore(rest) : rest + neighbour(last, -1) + String.fromCodePoint(LAST_CODE_POINT);
}

/** The first text behind everything that begins with `prefix`; none when nothing can be. */
export function boundBehind(prefix: string): string | undefined {
  const [rest, last] = splitLast(prefix);
  if (last === undefined) return undefined;
  return last === LAST_CODE_POINT ? boundBehind(rest) : rest + neighbour(last, 1);
}

function splitLast(text: string): [rest: string, last: number | undefined] {
  const characters = Array.from(text);
  return [characters.slice(0, -1).join(''), characters.at(-1)?.codePointAt(0)];
}

/** Surrogates are no characters. */
function neighbour(codePoint: number, step: 1 | -1): string {
  const next = codePoint + step;
  if (next === 0xd800) return '\u{E000}';
  return next === 0xdfff ? '\u{D7FF}' : String.fromCodePoint(next);
}
