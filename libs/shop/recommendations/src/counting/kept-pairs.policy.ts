/** Of a product, once there are more than {@link MOST_PAIRS}. */
export const KEPT_PAIRS = 50;
/** Of a product at any time, after a transaction that has counted orders. Twice as many, so that most of them need not look for the least. */
export const MOST_PAIRS = 100;

/** What is known of a product and another one. */
export interface KeptPair {
  readonly otherId: string;
  /** That had both, since the pair is kept. */
  readonly orders: number;
  /** At most so many more had both before. */
  readonly missed: number;
}

/**
 * Which pairs of a product are forgotten: all but the `kept` of which there may have been most.
 *
 * With `missed` of a new pair set to the `mostMissed` of its product, this is the algorithm of Misra and Gries, "Finding
 * repeated elements" (1982), with the bookkeeping of Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient computation of
 * frequent and top-k elements in data streams", 2005), for a batch at a time: if N is how many pairs the product was ever
 * counted in, one that was in over N / `kept` orders is always among those that are there.
 * @returns `mostMissed`: at most so many orders had the product and one that is not kept
 */
export function leastOf(
  pairs: readonly KeptPair[],
  kept = KEPT_PAIRS,
): { forgotten: readonly KeptPair[]; mostMissed: number } {
  const ranked = pairs.toSorted((a, b) => mostOf(b) - mostOf(a) || b.orders - a.orders);
  const forgotten = ranked.slice(kept);
  return { forgotten, mostMissed: forgotten[0] ? mostOf(forgotten[0]) : 0 };
}

const mostOf = ({ orders, missed }: KeptPair): number => orders + missed;
