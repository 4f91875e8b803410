import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { traced } from '@fourfold/observability/tracing';
import { StockKeeper, type StockLine } from '@shop/contracts';
import type { EntityManager } from 'typeorm';

/** In the order of the primary key, so that two orders lock the rows they share in the same order. */
const LOCK_STOCK = `
  SELECT product_id, available FROM stock WHERE product_id IN (?) ORDER BY product_id FOR UPDATE
`;

/** One statement for an order of any length. Primary key. */
const ADD_TO_STOCK = `
  UPDATE stock
  JOIN JSON_TABLE(?, '$[*]' COLUMNS (product_id BIGINT UNSIGNED PATH '$.productId', units INT PATH '$.units')) AS line
    ON line.product_id = stock.product_id
  SET stock.available = stock.available + line.units
`;

@Injectable()
export class SqlStockKeeper extends StockKeeper {
  constructor(private readonly cache: MultiLevelCache) {
    super();
  }

  take(manager: EntityManager, lines: readonly StockLine[]): Promise<boolean> {
    return traced('stock take', {}, async (span) => {
      const available = await this.lock(manager, lines);
      const taken = !lines.some(({ productId, quantity }) => (available.get(productId) ?? 0) < quantity);
      span?.setAttributes({ 'stock.lines': lines.length, 'stock.taken': taken });
      if (taken) await this.add(manager, lines, -1);
      return taken;
    });
  }

  giveBack(manager: EntityManager, lines: readonly StockLine[]): Promise<void> {
    return traced('stock give back', { attributes: { 'stock.lines': lines.length } }, async () => {
      await this.lock(manager, lines);
      await this.add(manager, lines, 1);
    });
  }

  async changed(lines: readonly StockLine[]): Promise<{ deferred: boolean }> {
    if (lines.length === 0) return { deferred: false };
    return this.cache.invalidate('stock', ...lines.map(({ productId }) => productId));
  }

  private async lock(manager: EntityManager, lines: readonly StockLine[]): Promise<Map<string, number>> {
    const rows = await manager.query<{ product_id: string; available: number }[]>(LOCK_STOCK, [
      lines.map(({ productId }) => productId),
    ]);
    return new Map(rows.map((row) => [String(row.product_id), Number(row.available)]));
  }

  private async add(manager: EntityManager, lines: readonly StockLine[], sign: 1 | -1): Promise<void> {
    const units = lines.map(({ productId, quantity }) => ({ productId, units: sign * quantity }));
    await manager.query(ADD_TO_STOCK, [JSON.stringify(units)]);
  }
}
