import { seeded } from '@fourfold-tools/testing';

/** Orders as numbers: order `n` has the products `items[starts[n]]` to `items[starts[n + 1] - 1]`, numbered from 0. */
export interface Purchases {
  readonly products: number;
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
}

/** As large as an order whose products are all paired. */
const LARGEST = 50;
const LARGE_SHARE = 0.02;
/** Products that go together are numbered close to each other. */
const THEME = 30;

/** What one order has, each product once. */
export type Basket = readonly number[];

/**
 * Orders of a shop: products by Zipf's law, as popular as one over their rank; most orders have one to six, one of fifty
 * up to fifty; half of an order's products go with its first one.
 */
export function basketsOf(products: number, seed: number): () => Basket {
  const random = seeded(seed);
  // Log-uniform ranks: the inverse of the distribution function of 1 / rank.
  const popular = () => Math.min(products - 1, Math.floor(products ** random()) - 1);
  return () => {
    const size =
      random() < LARGE_SHARE ? 7 + Math.floor(random() * (LARGEST - 6)) : 1 + Math.floor(random() ** 1.5 * 6);
    const first = popular();
    const basket = new Set([first]);
    for (let tries = 0; basket.size < Math.min(size, products) && tries < 10 * size; tries += 1)
      basket.add(random() < 0.5 ? (first + Math.floor(THEME ** random())) % products : popular());
    return [...basket];
  };
}

export function purchasesOf(orders: number, products: number, seed: number): Purchases {
  const next = basketsOf(products, seed);
  const starts = new Uint32Array(orders + 1);
  let items = new Uint32Array(orders * 4);
  let length = 0;
  for (let order = 0; order < orders; order += 1) {
    for (const product of next()) {
      if (length === items.length) {
        const larger = new Uint32Array(items.length * 2);
        larger.set(items);
        items = larger;
      }
      items[length++] = product;
    }
    starts[order + 1] = length;
  }
  return { products, starts, items: items.subarray(0, length) };
}

/** By product: the orders that it is in, in their order. */
export function ordersByProduct({ products, starts, items }: Purchases): {
  starts: Uint32Array;
  orders: Uint32Array;
} {
  const from = new Uint32Array(products + 1);
  for (const product of items) from[product + 1]! += 1;
  for (let product = 0; product < products; product += 1) from[product + 1]! += from[product]!;
  const next = from.slice();
  const orders = new Uint32Array(items.length);
  for (let order = 0; order + 1 < starts.length; order += 1)
    for (let at = starts[order]!; at < starts[order + 1]!; at += 1) orders[next[items[at]!]!++] = order;
  return { starts: from, orders };
}
