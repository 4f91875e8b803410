import { Injectable } from '@nestjs/common';
import { traced } from '@fourfold/observability/tracing';
import { StockKeeper, type StockLine } from '@shop/contracts';
import type { EntityManager } from 'typeorm';
import { ProductCaches } from './product.caches.js';

/** In the order of the primary key, so that two transactions lock the rows they share in the same order. */
const LOCK_STOCK = `
  SELECT product_id, available FROM stock FORCE INDEX (PRIMARY) WHERE product_id IN (?) ORDER BY product_id FOR UPDATE
`;

/** One statement for lines of any number; a product has one. Primary key. */
const ADD_TO_STOCK = `
  UPDATE stock
  JOIN JSON_TABLE(?, '$[*]' COLUMNS (product_id BIGINT UNSIGNED PATH '$.productId', units INT PATH '$.units')) AS line
    ON line.product_id = stock.product_id
  SET stock.available = stock.available + line.units
`;

@Injectable()
export class SqlStockKeeper extends StockKeeper {
  constructor(private readonly caches: ProductCaches) {
    super();
  }

  take(manager: EntityManager, orders: readonly (readonly StockLine[])[]): Promise<boolean[]> {
    return traced('stock take', {}, async (span) => {
      const available = await this.lock(manager, orders.flat());
      const taken = orders.map((lines) => takeFrom(available, unitsOf(lines)));
      const lines = orders.filter((_lines, index) => taken[index]).flat();
      span?.setAttributes({ 'stock.lines': lines.length, 'stock.taken': !taken.includes(false) });
      await this.add(manager, lines, -1);
      return taken;
    });
  }

  giveBack(manager: EntityManager, lines: readonly StockLine[]): Promise<void> {
    return traced('stock give back', { attributes: { 'stock.lines': lines.length } }, async () => {
      await this.lock(manager, lines);
      await this.add(manager, lines, 1);
    });
  }

  async changed(lines: readonly Pick<StockLine, 'productId'>[]): Promise<{ deferred: boolean }> {
    if (lines.length === 0) return { deferred: false };
    return this.caches.stockChanged(lines.map(({ productId }) => productId));
  }

  /** @returns what is available of each product that there is */
  private async lock(manager: EntityManager, lines: readonly StockLine[]): Promise<Map<string, number>> {
    const productIds = [...new Set(lines.map(({ productId }) => productId))];
    if (productIds.length === 0) return new Map();
    const rows = await manager.query<{ product_id: string; available: number }[]>(LOCK_STOCK, [productIds]);
    return new Map(rows.map((row) => [String(row.product_id), Number(row.available)]));
  }

  private async add(manager: EntityManager, lines: readonly StockLine[], sign: 1 | -1): Promise<void> {
    if (lines.length === 0) return;
    const moved = Array.from(unitsOf(lines), ([productId, units]) => ({ productId, units: sign * units }));
    await manager.query(ADD_TO_STOCK, [JSON.stringify(moved)]);
  }
}

/** Units of each product. */
function unitsOf(lines: readonly StockLine[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { productId, quantity } of lines) units.set(productId, (units.get(productId) ?? 0) + quantity);
  return units;
}

/** Takes every product's units from `available`, or nothing. @returns whether it did */
function takeFrom(available: Map<string, number>, units: ReadonlyMap<string, number>): boolean {
  for (const [productId, wanted] of units) if ((available.get(productId) ?? 0) < wanted) return false;
  for (const [productId, wanted] of units) available.set(productId, available.get(productId)! - wanted);
  return true;
}
