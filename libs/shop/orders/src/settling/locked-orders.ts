import type { StockLine } from '@shop/contracts';
import type { EntityManager } from 'typeorm';
import type { OrderStatus } from '../schema/order.entity.js';

/** Primary key, in its order: of many in a small table every row would be read, and locked. */
const LOCK_ORDERS = `
  SELECT id, user_id, status, total_minor, created_at FROM orders FORCE INDEX (PRIMARY)
  WHERE id IN (?) ORDER BY id FOR UPDATE
`;

/** Primary key. What an order has of a product never changes. */
const LINES = `
  SELECT order_id, product_id, quantity FROM order_items FORCE INDEX (PRIMARY) WHERE order_id IN (?)
`;

/** Primary key. */
const SET_STATUS = `
  UPDATE orders FORCE INDEX (PRIMARY) SET status = ?, rejection_reason = ?, version = version + 1 WHERE id IN (?)
`;

/** What settling and cancelling need to know of an order. */
export interface LockedOrder {
  readonly id: string;
  readonly userId: string;
  readonly status: OrderStatus;
  readonly totalMinor: number;
  readonly createdAt: Date;
}

interface OrderRow {
  id: string;
  user_id: string;
  status: OrderStatus;
  total_minor: string | number;
  created_at: Date;
}

/**
 * The orders, locked until the transaction ends: the next transaction that settles or cancels one of them waits.
 * @returns those that there are, by id, the oldest first
 */
export async function lockOrders(
  manager: EntityManager,
  ids: readonly string[],
): Promise<ReadonlyMap<string, LockedOrder>> {
  const rows = await manager.query<OrderRow[]>(LOCK_ORDERS, [ids]);
  return new Map(
    rows.map(({ id, user_id: userId, status, total_minor: total, created_at: createdAt }) => [
      String(id),
      { id: String(id), userId: String(userId), status, totalMinor: Number(total), createdAt },
    ]),
  );
}

/** @returns the lines of each order */
export async function linesOf(
  manager: EntityManager,
  orderIds: readonly string[],
): Promise<(orderId: string) => StockLine[]> {
  if (orderIds.length === 0) return () => [];
  const rows = await manager.query<{ order_id: string; product_id: string; quantity: number }[]>(LINES, [
    orderIds,
  ]);
  const byOrder = Map.groupBy(rows, (row) => String(row.order_id));
  return (orderId) =>
    (byOrder.get(orderId) ?? []).map(({ product_id: productId, quantity }) => ({
      productId: String(productId),
      quantity: Number(quantity),
    }));
}

/** Of orders that are locked. */
export async function setStatus(
  manager: EntityManager,
  orders: readonly LockedOrder[],
  status: OrderStatus,
  rejectionReason: string | null = null,
): Promise<void> {
  if (orders.length === 0) return;
  await manager.query(SET_STATUS, [status, rejectionReason, orders.map(({ id }) => id)]);
}
