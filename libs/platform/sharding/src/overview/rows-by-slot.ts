import { runWithin } from '@fourfold/observability/request-context';
import type { HashRing } from '../ring/hash-ring.js';
import { SLOT_COUNT } from '../ring/slot.js';
import type { ShardRegistry } from '../routing/shard.registry.js';

/** Its own, and not the one of the request that asks. */
const DEADLINE_MS = 300_000;

/** By the index that begins with `slot`: it reads no row. */
const COUNT_BY_SLOT = 'SELECT slot, COUNT(*) AS rowCount FROM ?? GROUP BY slot';

/**
 * Counts the rows of every slot over all tables, of what each slot's owner has of it. Each sharded table needs its slot
 * in an indexed column `slot`: the index of each is scanned on each shard, for an operator who plans and not for a timer.
 * @returns 16,384 counts
 * @throws ShardUnavailableError when one shard does not answer: a plan from the others' rows would be wrong.
 */
export async function countRowsBySlot(registry: ShardRegistry, ring: HashRing): Promise<number[]> {
  const counts = new Array<number>(SLOT_COUNT).fill(0);
  const tables = await registry.entities.tables();
  const countOn = (shard: string) =>
    registry.run(
      shard,
      async (runner) => {
        for (const table of tables) {
          const sql = COUNT_BY_SLOT.replace('??', `\`${table.replaceAll('`', '``')}\``);
          const rows = (await runner.query(sql)) as { slot: number; rowCount: string }[];
          for (const { slot, rowCount } of rows)
            if (ring.ownerOf(slot) === shard) counts[slot]! += Number(rowCount);
        }
      },
      DEADLINE_MS,
    );
  await runWithin(undefined, () => Promise.all(ring.shards.map(countOn)));
  return counts;
}
