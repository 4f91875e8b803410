import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CountingMetrics } from './counting.metrics.js';
import type { BasketCounts } from './basket.counts.js';
import { type KeptPair, leastOf, MOST_PAIRS } from './kept-pairs.policy.js';

/** Primary key. Rows in its order, so that of two transactions with products in common the later one waits at the first. */
const COUNT_PRODUCTS = `
  INSERT INTO basket_products (product_id, orders) VALUES ?
  ON DUPLICATE KEY UPDATE orders = orders + VALUES(orders)
`;

/** Primary keys. The product's row is locked, and with it all of its pairs. */
const COUNT_PAIRS = `
  INSERT INTO basket_pairs (product_id, other_id, orders, missed)
  SELECT pair.product_id, pair.other_id, pair.orders, product.most_missed
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    product_id BIGINT UNSIGNED PATH '$[0]', other_id BIGINT UNSIGNED PATH '$[1]', orders INT UNSIGNED PATH '$[2]'
  )) AS pair
  STRAIGHT_JOIN basket_products AS product ON product.product_id = pair.product_id
  ON DUPLICATE KEY UPDATE orders = basket_pairs.orders + VALUES(orders)
`;

/** Primary key, of which it reads {@link MOST_PAIRS} entries a product and those of this transaction. */
export const WITH_TOO_MANY = `
  SELECT product_id FROM basket_pairs FORCE INDEX (PRIMARY)
  WHERE product_id IN (?) GROUP BY product_id HAVING COUNT(*) > ${MOST_PAIRS}
`;

/** Primary key. */
export const PAIRS = `
  SELECT product_id AS productId, other_id AS otherId, orders, missed FROM basket_pairs FORCE INDEX (PRIMARY)
  WHERE product_id IN (?)
`;

/** Primary key. */
const FORGET = `
  DELETE FROM basket_pairs WHERE (product_id, other_id) IN (?)
`;

/** Primary key. */
const REMEMBER_MISSED = `
  UPDATE basket_products AS product
  JOIN JSON_TABLE(?, '$[*]' COLUMNS (product_id BIGINT UNSIGNED PATH '$[0]', missed INT UNSIGNED PATH '$[1]')) AS of_one
    ON of_one.product_id = product.product_id
  SET product.most_missed = GREATEST(product.most_missed, of_one.missed)
`;

interface PairRow {
  productId: string;
  otherId: string;
  orders: number | string;
  missed: number | string;
}

/**
 * Which products are bought together, of each as many as {@link MOST_PAIRS}. A transaction locks the rows of all its
 * products first, in one order, and writes pairs of those alone: two that have products in common follow one another.
 */
@Injectable()
export class PairStore {
  constructor(private readonly metrics: CountingMetrics) {}

  /** In `manager`'s transaction: three statements, and three more when a product has too many pairs. */
  async add(manager: EntityManager, { products, pairs }: BasketCounts): Promise<void> {
    if (products.length === 0) return;
    await manager.query(COUNT_PRODUCTS, [products]);
    if (pairs.length === 0) return;
    await manager.query(COUNT_PAIRS, [JSON.stringify(pairs)]);
    const ids = [...new Set(pairs.map(([productId]) => productId))];
    const full = await manager.query<{ product_id: string }[]>(WITH_TOO_MANY, [ids]);
    if (full.length > 0) {
      await this.forget(
        manager,
        full.map((row) => String(row.product_id)),
      );
    }
  }

  private async forget(manager: EntityManager, productIds: readonly string[]): Promise<void> {
    const rows = await manager.query<PairRow[]>(PAIRS, [productIds]);
    const forgotten: [productId: string, otherId: string][] = [];
    const missed: [productId: string, missed: number][] = [];
    for (const [productId, own] of Map.groupBy(rows, (row) => String(row.productId))) {
      const least = leastOf(own.map(pairOf));
      forgotten.push(...least.forgotten.map(({ otherId }): [string, string] => [productId, otherId]));
      missed.push([productId, least.mostMissed]);
    }
    await manager.query(FORGET, [forgotten]);
    await manager.query(REMEMBER_MISSED, [JSON.stringify(missed)]);
    this.metrics.forgotten.inc(forgotten.length);
  }
}

function pairOf({ otherId, orders, missed }: PairRow): KeptPair {
  return { otherId: String(otherId), orders: Number(orders), missed: Number(missed) };
}
