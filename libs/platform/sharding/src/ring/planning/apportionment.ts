import { MIN_SLOTS_PER_SHARD } from '../slot.js';

/** A shard that takes part in sharing out the slots. */
export interface Share {
  weight: number;
  slots: number;
  /** Set where rows were counted: rows are then shared evenly, in place of slots. */
  rows?: number | undefined;
}

/**
 * The shard that gets the next slot: the one with the highest weight / (2 · slots + 1). This is the rule of
 * Sainte-Laguë and Webster. It is used for what Balinski and Young (Fair Representation, 1982) prove of divisor methods
 * and of no other: when a shard comes, goes, or changes weight, none of the rest gains while another of them loses, so
 * no slot ever has to move between shards that the change is not about. Rounding each shard's quota does not have that.
 * Where rows were counted, the shard with the fewest for its weight comes first. The earlier in the list wins a tie.
 */
export function nextToGain(shares: readonly Share[]): Share {
  return greatest(shares, ({ weight, slots, rows = 0 }) => [-rows / weight, weight / (2 * slots + 1)]);
}

/** The shard that gives up the next slot: the one with the lowest weight for its last slot; by rows, the fullest. */
export function nextToGive(shares: readonly Share[]): Share {
  return greatest(shares, ({ weight, slots, rows }) => {
    const least = rows === undefined ? 0 : MIN_SLOTS_PER_SHARD;
    return slots <= least ? [-Infinity, 0] : [(rows ?? 0) / weight, (2 * slots - 1) / weight];
  });
}

/**
 * Shares `total` slots out by weight, from nothing.
 * @returns how many each gets; the sum is `total`.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  // No share ends below its quota by more than this: all quotients are rounded to the nearest by one common divisor.
  const certain = (1 - weights.length / (2 * total)) / sum;
  const shares = weights.map((weight): Share => ({
    weight,
    slots: Math.max(0, Math.floor(total * weight * certain - 0.5)),
  }));
  let left = total - shares.reduce((given, { slots }) => given + slots, 0);
  for (; left > 0; left--) nextToGain(shares).slots += 1;
  return shares.map(({ slots }) => slots);
}

/** By the first figure, and by the second among equals. */
function greatest(shares: readonly Share[], figuresOf: (share: Share) => [number, number]): Share {
  let best = shares[0]!;
  let [first, second] = [-Infinity, -Infinity];
  for (const share of shares) {
    const figures = figuresOf(share);
    if (figures[0] < first || (figures[0] === first && figures[1] <= second)) continue;
    best = share;
    [first, second] = figures;
  }
  return best;
}
