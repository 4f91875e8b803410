import type { QueryRunner } from 'typeorm';
import type { HashRing } from '../ring/hash-ring.js';
import type { SlotRange } from '../ring/slot.js';

const countOf = (table: string, ranges: number) =>
  `EXPLAIN SELECT COUNT(*) FROM \`${table}\` WHERE ${Array(ranges).fill('slot BETWEEN ? AND ?').join(' OR ')}`;

/**
 * How many rows of each table are on a shard that does not own them: copies of a migration under way, and what it has not
 * purged yet. As InnoDB expects by the index of `slot`, which costs no scan.
 * @param tables those with a column `slot`
 */
export async function foreignRows(
  runner: QueryRunner,
  ring: HashRing,
  shard: string,
  tables: readonly string[],
): Promise<Map<string, number>> {
  const ranges = foreignRanges(ring, shard);
  const rows = new Map<string, number>();
  if (ranges.length === 0) return rows;
  const parameters = ranges.flatMap(({ from, to }) => [from, to]);
  for (const table of tables) {
    const plan = (await runner.query(countOf(table, ranges.length), parameters)) as { rows: string | null }[];
    rows.set(table, Number(plan[0]?.rows ?? 0));
  }
  return rows;
}

/** Slots that are moved to or from the shard and are not, or no more, its own. */
function foreignRanges(ring: HashRing, shard: string): SlotRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const { from, to, donor, receiver } of ring.topology.migrations ?? []) {
    if (donor !== shard && receiver !== shard) continue;
    for (let slot = from; slot <= to; slot++) {
      if (ring.ownerOf(slot) === shard) continue;
      const last = ranges.at(-1);
      if (last?.to === slot - 1) last.to = slot;
      else ranges.push({ from: slot, to: slot });
    }
  }
  return ranges;
}
