import { createHash } from 'node:crypto';
import type { Basket } from '@shop/contracts';

/**
 * Products of an order that are paired. An order of n has n(n − 1) pairs to count, both ways: 2,450 at 50, 999,000 at the
 * 1,000 that an order may have. 92% of the orders of a gift shop's three days (UCI "Online Retail") have no more.
 */
export const MOST_PAIRED = 50;

/** What some baskets add, each number a number of orders. */
export interface BasketCounts {
  /** By product, in the order of ids. */
  readonly products: readonly (readonly [productId: string, orders: number])[];
  /** Both ways, by product and the other one, in the order of ids. */
  readonly pairs: readonly (readonly [productId: string, otherId: string, orders: number])[];
}

/**
 * The products of a basket that are counted: all, or of a large one {@link MOST_PAIRED}. Chosen by a hash of order and
 * product, so that each pair of a large order is as likely as another, and a second try chooses the same.
 */
export function pairedOf({ orderId, productIds }: Basket): readonly string[] {
  const all = [...new Set(productIds)];
  if (all.length <= MOST_PAIRED) return all;
  const drawn = all.map((id) => ({
    id,
    lot: createHash('sha256').update(`${orderId}:${id}`).digest('hex'),
  }));
  return drawn
    .toSorted((a, b) => (a.lot < b.lot ? -1 : 1))
    .slice(0, MOST_PAIRED)
    .map(({ id }) => id);
}

/** @param baskets products of one order each, every product once */
export function countBaskets(baskets: readonly (readonly string[])[]): BasketCounts {
  const products = new Map<string, number>();
  const pairs = new Map<string, Map<string, number>>();
  for (const basket of baskets)
    for (const id of basket) {
      add(products, id);
      const others = pairs.get(id) ?? new Map<string, number>();
      pairs.set(id, others);
      for (const other of basket) if (other !== id) add(others, other);
    }
  return {
    products: [...products].toSorted(([a], [b]) => byId(a, b)),
    pairs: [...pairs]
      .toSorted(([a], [b]) => byId(a, b))
      .flatMap(([id, others]) =>
        [...others].toSorted(([a], [b]) => byId(a, b)).map(([other, orders]) => [id, other, orders] as const),
      ),
  };
}

/** Ids are positive decimal numbers without leading zeros. */
export function byId(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

function add(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
