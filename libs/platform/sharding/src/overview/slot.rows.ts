import type { ShardedEntities } from '../access/sharded.entities.js';
import { SLOT_COUNT } from '../ring/slot.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { CurrentTopology } from '../topology/current-topology.js';

const DEADLINE_MS = 300_000;

/** By the index that begins with `slot`: it reads no row. */
const COUNT_BY_SLOT = 'SELECT slot, COUNT(*) AS rowCount FROM ?? GROUP BY slot';

/** Counts the rows of every slot. Each sharded table needs its slot in an indexed column `slot`. */
export class SlotRows {
  constructor(
    private readonly registry: ShardRegistry,
    private readonly current: CurrentTopology,
    private readonly entities: ShardedEntities,
  ) {}

  /**
   * 16,384 counts over all tables, of what each slot's owner has of it. Scans an index of each table on each shard: for
   * an operator who plans, not for a timer.
   * @throws ShardUnavailableError when one shard does not answer: a plan from the others' rows would be wrong.
   */
  async count(): Promise<number[]> {
    const { ring } = this.current;
    const counts = new Array<number>(SLOT_COUNT).fill(0);
    const tables = await this.entities.tables();
    await Promise.all(
      ring.shards.map((shard) =>
        this.registry.run(
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
        ),
      ),
    );
    return counts;
  }
}
