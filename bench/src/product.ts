/** What both the platform and its peers cache here: some 110 bytes of JSON. */
export interface Product {
  id: string;
  sku: string;
  name: string;
  price: { amount: number; currency: string };
  stock: number;
}

const FIRST_ID = 1_000_000;

export function productIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(FIRST_ID + index));
}

export function product(id: string): Product {
  const number = Number(id);
  return {
    id,
    sku: `SKU-${id}`,
    name: `Enamel mug, number ${id}`,
    price: { amount: 199 + (number % 10_000), currency: 'EUR' },
    stock: number % 500,
  };
}

/** The loader where every read has to be a hit: another path must not pass for a fast one. */
export async function mustNotLoad(id: string): Promise<Product> {
  throw new Error(`Product ${id} was to be in the cache already`);
}

/** Calls `fill` for every id, 500 at a time. */
export async function inBatches(
  ids: readonly string[],
  fill: (id: string) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < ids.length; first += 500)
    await Promise.all(ids.slice(first, first + 500).map(fill));
}
