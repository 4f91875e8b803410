import type { Location } from '../ring/hash-ring.js';
import { SLOT_COUNT, TOKEN_BITS_BELOW_SLOT, tokenOf } from '../ring/slot.js';
import type { Topology } from '../ring/topology.js';

/** The textbook ring: arcs that begin at ascending tokens of a 32-bit circle, found by binary search, O(log n). */
export class TokenRing {
  private readonly tokens = Uint32Array.from(
    { length: SLOT_COUNT },
    (_, slot) => slot * 2 ** TOKEN_BITS_BELOW_SLOT,
  );

  constructor(private readonly topology: Topology) {}

  /** The owner of the last token at or before the key's own. */
  locate(key: string): Location {
    const token = tokenOf(key);
    let low = 0;
    let high = SLOT_COUNT - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tokens[middle]! <= token) low = middle;
      else high = middle - 1;
    }
    const run = this.topology.slots.find(({ from, to }) => from <= low && low <= to);
    return { slot: low, shard: run!.shard };
  }
}
