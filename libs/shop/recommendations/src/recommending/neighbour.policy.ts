/** A product that was bought together with another one, and how often that was. */
export interface Neighbour {
  readonly productId: string;
  /** Orders with both. */
  readonly together: number;
  /** Orders with this one. */
  readonly orders: number;
  /** Orders with the other one, for which this is asked. */
  readonly ordersOfOther: number;
}

/** Orders with both products at which a pair has half of its weight. */
const DAMPING = 5;

/**
 * How much one product goes with another, 0 to 1: the cosine of the two as vectors of orders, n(a,b) / √(n(a) · n(b)), as in
 * Linden, Smith and York, "Amazon.com recommendations: item-to-item collaborative filtering" (2003). A product that is in
 * every order goes with none in particular.
 *
 * Two products that were bought once, and together, have a cosine of 1. So it is damped by n(a,b) / (n(a,b) + 5), as Koren
 * shrinks similarities of few cases in "Factorization meets the neighborhood" (2008).
 */
export function affinityOf({ together, orders, ordersOfOther }: Omit<Neighbour, 'productId'>): number {
  return (together / Math.sqrt(orders * ordersOfOther)) * (together / (together + DAMPING));
}

/**
 * Products by how much they go with all that is asked for, summed up; equal ones in the order of ids.
 * @param neighbours of each product that is asked for
 */
export function rank(
  neighbours: readonly Neighbour[],
  { except, most }: { except: ReadonlySet<string>; most: number },
): string[] {
  const sums = new Map<string, number>();
  for (const neighbour of neighbours) {
    const { productId } = neighbour;
    if (!except.has(productId)) sums.set(productId, (sums.get(productId) ?? 0) + affinityOf(neighbour));
  }
  return [...sums]
    .toSorted(([a, of], [b, than]) => than - of || a.length - b.length || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([productId]) => productId);
}
