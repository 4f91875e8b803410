import { isMissingTable } from '@fourfold/db-routing';
import { appError } from '@fourfold/kernel';
import { HashRing } from '../ring/hash-ring.js';
import { SLOT_COUNT } from '../ring/slot.js';
import type { Topology } from '../ring/topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { FencesMissingError } from './fences-missing.error.js';

/** A topology gives slots to shards that do not own them: only a migration moves slots. Nothing was published. */
export class SlotsNotMovedError extends appError('slots-not-moved', 409, 'Slots that were not moved') {}

/** A fence that is missing says no more than one of another shard. */
const OWNED = "SELECT COUNT(*) AS slots FROM ring_fence WHERE mode <> 'foreign' AND slot IN (?)";

/**
 * A topology may say of a slot that moves only what the fences of its new owner say: with rows or without, a shard refuses
 * what it does not own.
 * @throws SlotsNotMovedError; FencesMissingError; ShardUnavailableError when the new owner can't be asked
 */
export async function assertHandedOff(
  registry: ShardRegistry,
  before: Topology,
  next: Topology,
): Promise<void> {
  const [had, has] = [new HashRing(before), new HashRing(next)];
  const slots = Array.from({ length: SLOT_COUNT }, (_, slot) => slot);
  const moved = slots.filter((slot) => had.ownerOf(slot) !== has.ownerOf(slot));
  for (const [shard, own] of Map.groupBy(moved, (slot) => has.ownerOf(slot))) {
    const [row] = await registry.run(shard, async (runner) => {
      try {
        return (await runner.query(OWNED, [own])) as { slots: unknown }[];
      } catch (error) {
        throw isMissingTable(error) ? new FencesMissingError(shard, error) : error;
      }
    });
    const missing = own.length - Number(row?.slots);
    if (missing > 0)
      throw new SlotsNotMovedError(
        `Topology epoch ${next.epoch} gives ${shard} slots that were not handed off to it: ${missing} of ${own.length}`,
      );
  }
}
