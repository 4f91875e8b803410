/**
 * Nearest-rank percentile: the smallest value with at least `percent` % of the values at or below it, so always one
 * that was measured. `undefined` for no values.
 */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const ascending = values.toSorted((a, b) => a - b);
  return ascending[Math.max(Math.ceil((percent / 100) * ascending.length), 1) - 1];
}
