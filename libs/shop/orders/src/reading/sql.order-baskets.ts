import { Injectable } from '@nestjs/common';
import { type Basket, OrderBaskets } from '@shop/contracts';
import type { EntityManager } from 'typeorm';
import type { OrderView } from '../order.view.js';
import { OrderReader } from './order.reader.js';

/** Primary keys. What an order has of a product never changes. */
const CONFIRMED = `
  SELECT item.order_id, item.product_id
  FROM orders AS confirmed FORCE INDEX (PRIMARY)
  JOIN order_items AS item FORCE INDEX (PRIMARY) ON item.order_id = confirmed.id
  WHERE confirmed.id IN (?) AND confirmed.status = 'confirmed'
`;

@Injectable()
export class SqlOrderBaskets extends OrderBaskets {
  constructor(private readonly orders: OrderReader) {
    super();
  }

  async confirmed(manager: EntityManager, orderIds: readonly string[]): Promise<Basket[]> {
    if (orderIds.length === 0) return [];
    const rows = await manager.query<{ order_id: string; product_id: string }[]>(CONFIRMED, [orderIds]);
    return Array.from(
      Map.groupBy(rows, (row) => String(row.order_id)),
      ([orderId, lines]) => ({ orderId, productIds: lines.map((line) => String(line.product_id)) }),
    );
  }

  async latestOf(userId: string): Promise<Basket | null> {
    // Nearly always the first one.
    for (const id of await this.orders.latestIdsOf(userId)) {
      const order = await this.orders.find(id);
      if (!order) continue;
      const { status, items } = JSON.parse(order.body) as OrderView;
      if (status === 'pending' || status === 'confirmed')
        return { orderId: id, productIds: items.map(({ productId }) => productId) };
    }
    return null;
  }
}
