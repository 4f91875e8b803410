import type { OrderItemEntity } from '../schema/order-item.entity.js';
import type { OrderEntity, OrderStatus } from '../schema/order.entity.js';

/**
 * Orders with their items, by the primary keys of both. One statement: another replica could answer a second one, and
 * have the order but not its items. Of SQL and not of TypeORM's query builder, which takes a multiple of the time of the
 * database to make entities of what a fill of the cache turns into text at once.
 */
export const ORDERS_WITH_ITEMS = `
  SELECT o.id, o.user_id, o.status, o.rejection_reason, o.total_minor, o.currency, o.shipping_address, o.version,
    o.created_at, i.product_id, i.line, i.quantity, i.unit_price_minor
  FROM orders o LEFT JOIN order_items i ON i.order_id = o.id
  WHERE o.id IN (?)
`;

/** A number that may pass 2^53 comes as text, of the drivers' choice. */
type BigInteger = string | number;

export interface OrderRow {
  id: BigInteger;
  user_id: BigInteger;
  status: OrderStatus;
  rejection_reason: string | null;
  total_minor: BigInteger;
  currency: string;
  shipping_address: string;
  version: number;
  created_at: Date;
  /** Null in the one row of an order without items. */
  product_id: BigInteger | null;
  line: number;
  quantity: number;
  unit_price_minor: BigInteger;
}

/** @param rows of one order, at least one */
export function orderOf(rows: readonly OrderRow[]): { order: OrderEntity; items: OrderItemEntity[] } {
  const [row] = rows as [OrderRow];
  const id = String(row.id);
  return {
    order: {
      id,
      userId: String(row.user_id),
      status: row.status,
      rejectionReason: row.rejection_reason,
      totalMinor: Number(row.total_minor),
      currency: row.currency,
      shippingAddress: row.shipping_address,
      version: row.version,
      createdAt: row.created_at,
    },
    items: rows.flatMap(({ product_id: productId, line, quantity, unit_price_minor: unitPrice }) =>
      productId === null
        ? []
        : { orderId: id, productId: String(productId), line, quantity, unitPriceMinor: Number(unitPrice) },
    ),
  };
}
