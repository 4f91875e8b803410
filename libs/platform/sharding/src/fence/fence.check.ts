import { isMissingTable } from '@fourfold/db-routing';
import { SLOT_COUNT } from '../ring/slot.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { FencesMissingError } from './fences-missing.error.js';

const FENCES = 'SELECT COUNT(*) AS fences FROM ring_fence';
const DEADLINE_MS = 800;

/** Whether shards say what they own: without fences every write there fails. They are never deleted, so one look will do. */
export class FenceCheck {
  private readonly found = new Set<string>();

  constructor(private readonly registry: ShardRegistry) {}

  /** @returns undefined when the shard has its fences, or can't be asked: a probe tells of that */
  async faultOf(shard: string): Promise<FencesMissingError | undefined> {
    if (this.found.has(shard)) return undefined;
    try {
      const [row] = await this.registry.run(
        shard,
        (runner) => runner.query(FENCES) as Promise<{ fences: unknown }[]>,
        DEADLINE_MS,
      );
      if (Number(row?.fences) !== SLOT_COUNT) return new FencesMissingError(shard);
      this.found.add(shard);
    } catch (error) {
      if (isMissingTable(error)) return new FencesMissingError(shard, error);
    }
    return undefined;
  }
}
