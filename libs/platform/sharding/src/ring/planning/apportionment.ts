/** A shard that takes part in sharing out the slots. */
export interface Share {
  weight: number;
  slots: number;
}

/**
 * Who is next to get a slot: the one for whom it is worth most, weight / (2 · slots + 1). This is the rule of
 * Sainte-Laguë and Webster. It is used for what Balinski and Young (Fair Representation, 1982) prove of divisor methods
 * and of no other: when somebody comes, goes, or changes weight, none of the rest gains while another of them loses, so
 * no slot ever has to move between shards that the change is not about. Rounding each shard's quota does not have that.
 * The earlier in the list wins a tie.
 */
export function nextToGain(shares: readonly Share[]): number {
  return indexOfGreatest(shares, ({ weight, slots }) => weight / (2 * slots + 1));
}

/** Who is next to give one up: the one that got its last slot for least. */
export function nextToGive(shares: readonly Share[]): number {
  return indexOfGreatest(shares, ({ weight, slots }) => (slots === 0 ? -Infinity : (2 * slots - 1) / weight));
}

/**
 * Shares `total` slots out by weight, from nothing.
 * @returns how many each gets; the sum is `total`.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  // No share ends below its quota by more than this: all quotients are rounded to the nearest by one common divisor.
  const certain = (1 - weights.length / (2 * total)) / sum;
  const shares = weights.map((weight) => ({
    weight,
    slots: Math.max(0, Math.floor(total * weight * certain - 0.5)),
  }));
  let left = total - shares.reduce((given, { slots }) => given + slots, 0);
  for (; left > 0; left--) shares[nextToGain(shares)]!.slots += 1;
  return shares.map(({ slots }) => slots);
}

function indexOfGreatest(shares: readonly Share[], value: (share: Share) => number): number {
  let best = 0;
  let bestValue = -Infinity;
  for (let index = 0; index < shares.length; index++) {
    const current = value(shares[index]!);
    if (current > bestValue) {
      best = index;
      bestValue = current;
    }
  }
  return best;
}
