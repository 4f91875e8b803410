import { Readable } from 'node:stream';
import { leastOf, MOST_PAIRS } from '@shop/recommendations';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { ordersByProduct, type Purchases } from './purchase.plan.js';

/** Ids as long as real ones. */
export const idOf = (product: number): string =>
  (400_000_000_000_000_000n + BigInt(product) * 4_096n).toString();

const CHUNK_BYTES = 4 * 1_024 * 1_024;

/**
 * Fills the tables with what counting these orders one by one would have left there: of each product its pairs in the
 * order of the orders, forgotten by the same policy, which sees no other product.
 */
export async function loadCounts(connection: Connection, purchases: Purchases): Promise<void> {
  const products: string[] = [];
  const pairs = function* (): Generator<Buffer> {
    let lines: string[] = [];
    let bytes = 0;
    for (const { product, orders, mostMissed, others } of countsOf(purchases)) {
      products.push(`${idOf(product)}\t${orders}\t${mostMissed}\n`);
      for (const [other, pair] of others.toSorted(([a], [b]) => a - b)) {
        const line = `${idOf(product)}\t${idOf(other)}\t${pair.orders}\t${pair.missed}\n`;
        lines.push(line);
        bytes += line.length;
      }
      if (bytes < CHUNK_BYTES) continue;
      yield Buffer.from(lines.join(''));
      [lines, bytes] = [[], 0];
    }
    yield Buffer.from(lines.join(''));
  };
  await load(connection, 'basket_pairs (product_id, other_id, orders, missed)', pairs());
  await load(connection, 'basket_products (product_id, orders, most_missed)', [
    Buffer.from(products.join('')),
  ]);
}

interface Counted {
  orders: number;
  missed: number;
}

interface CountedProduct {
  product: number;
  orders: number;
  mostMissed: number;
  others: [other: number, pair: Counted][];
}

function* countsOf(purchases: Purchases): Generator<CountedProduct> {
  const { starts, items } = purchases;
  const by = ordersByProduct(purchases);
  for (let product = 0; product < purchases.products; product += 1) {
    const pairs = new Map<number, Counted>();
    let mostMissed = 0;
    const [from, to] = [by.starts[product]!, by.starts[product + 1]!];
    if (from === to) continue;
    for (let nth = from; nth < to; nth += 1) {
      const order = by.orders[nth]!;
      for (let at = starts[order]!; at < starts[order + 1]!; at += 1) {
        const other = items[at]!;
        if (other === product) continue;
        const pair = pairs.get(other);
        if (pair) pair.orders += 1;
        else pairs.set(other, { orders: 1, missed: mostMissed });
      }
      if (pairs.size > MOST_PAIRS) mostMissed = Math.max(mostMissed, forget(pairs));
    }
    yield { product, orders: to - from, mostMissed, others: [...pairs] };
  }
}

/** @returns what the product may have missed */
function forget(pairs: Map<number, Counted>): number {
  const all = Array.from(pairs, ([other, pair]) => ({ otherId: String(other), ...pair }));
  const { forgotten, mostMissed } = leastOf(all);
  for (const { otherId } of forgotten) pairs.delete(Number(otherId));
  return mostMissed;
}

async function load(connection: Connection, target: string, chunks: Iterable<Buffer>): Promise<void> {
  const [{ warningStatus }] = await connection.query<ResultSetHeader>({
    sql: `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${target}`,
    infileStreamFactory: () => Readable.from(chunks),
  });
  if (warningStatus > 0) throw new Error(`${target} did not take every row as it is`);
}
