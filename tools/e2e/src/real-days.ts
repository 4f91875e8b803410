import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside the checkout: too big to be part of it. */
const folder = new URL('../../../../shared/data/online-retail/', import.meta.url);

/**
 * Files with the first days of a shop's real sales, 2010-12-01 and on (UCI "Online Retail"). Where they are not there, a line
 * of the output says so.
 * @param spec the file that goes without them then
 * @returns none unless all are there
 */
export function realDays(spec: string, days: number): string[] {
  const paths = Array.from({ length: days }, (_, nth) =>
    fileURLToPath(new URL(`2010-12-${String(nth + 1).padStart(2, '0')}.csv`, folder)),
  );
  if (paths.every((path) => existsSync(path))) return paths;
  console.warn(`${spec}: real days are left out, since ${paths[0]} is not there`);
  return [];
}
