import { Cached } from '@fourfold/cache';
import { Injectable } from '@nestjs/common';
import { onReadConnection, useReplica } from '@fourfold/db-routing';
import { BestSellers } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { bestSellersCache } from '../orders.cache.js';

/** Lines of the latest orders that are counted: some 1,000 orders, and never more rows, however long the orders are. */
const LINES = 20_000;

/**
 * Counts orders and not units: each order reads its products once. Also of orders that were rejected: a customer wanted
 * the product. Primary key (order_id, product_id), backwards; ids grow with time.
 */
export const MOST_OFTEN_ORDERED = `
  SELECT product_id
  FROM (SELECT product_id FROM order_items ORDER BY order_id DESC, product_id DESC LIMIT ${LINES}) AS latest
  GROUP BY product_id
  ORDER BY COUNT(*) DESC, product_id
  LIMIT ?
`;

@Injectable()
export class RecentBestSellers extends BestSellers {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  async ids(limit: number): Promise<string[]> {
    return (await this.counted(limit)) ?? [];
  }

  /**
   * From a replica: it may be a little old, and must cost the primary nothing. `null` while nothing was ordered, which is
   * believed for a minute: a new shop has its first best sellers soon.
   */
  @Cached({ namespace: bestSellersCache.name, id: (limit: number) => String(limit) })
  async counted(limit: number): Promise<string[] | null> {
    const rows = await useReplica(() =>
      onReadConnection(this.dataSource, (runner) =>
        this.dataSource.query<{ product_id: string }[]>(MOST_OFTEN_ORDERED, [limit], runner),
      ),
    );
    return rows.length === 0 ? null : rows.map((row) => String(row.product_id));
  }
}
