import { MIN_SLOTS_PER_SHARD, SLOT_COUNT } from '../ring/slot.js';
import type { HashId } from '../ring/slot-hash.js';
import { parseTopology, type Topology } from './topology.document.js';
import { InvalidTopologyError } from './topology.errors.js';

export interface EvenTopologyOptions {
  /** How keys become slots, for as long as the ring lives. Default `md5-14`. */
  hashId?: HashId | undefined;
}

/**
 * The first topology: each shard gets one run of slots, no two runs differ by more than one slot. A run is as even as
 * scattered slots would be, since the hash has already scattered the keys, and it can be read by eye.
 * @param shardNames 1–109 distinct names: more would leave a shard under 150 virtual nodes.
 * @throws InvalidTopologyError
 */
export function evenTopology(
  shardNames: readonly string[],
  { hashId = 'md5-14' }: EvenTopologyOptions = {},
): Topology {
  const count = shardNames.length;
  const most = Math.floor(SLOT_COUNT / MIN_SLOTS_PER_SHARD);
  if (count < 1 || count > most) {
    throw new InvalidTopologyError(`A topology has 1–${most} shards, not ${count}`);
  }
  return parseTopology({
    epoch: 1,
    hashId,
    shards: shardNames.map((name) => ({ name, state: 'active', weight: 1 })),
    slots: shardNames.map((shard, index) => ({
      from: Math.floor((index * SLOT_COUNT) / count),
      to: Math.floor(((index + 1) * SLOT_COUNT) / count) - 1,
      shard,
    })),
  });
}
