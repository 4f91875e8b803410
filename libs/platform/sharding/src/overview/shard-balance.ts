import type { Topology } from '../ring/topology.js';

/**
 * How uneven the shards are: the most rows that a shard has for its weight over the fewest, 1 when all are the same.
 * Of active shards only, since one that is being emptied should be uneven, and only of those whose rows are known. A
 * shard without any counts as if it had one row for its weight: the ratio is finite, and 1 where no shard has any.
 * @param rows by shard name
 * @returns undefined when nothing is known
 */
export function balanceRatio(
  rows: ReadonlyMap<string, number>,
  shards: Topology['shards'],
): number | undefined {
  const perWeight = shards.flatMap(({ name, state, weight }) => {
    const known = rows.get(name);
    return known === undefined || state !== 'active' ? [] : [Math.max(1, known / weight)];
  });
  return perWeight.length === 0 ? undefined : Math.max(...perWeight) / Math.min(...perWeight);
}
