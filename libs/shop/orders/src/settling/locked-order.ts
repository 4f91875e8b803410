import type { StockLine } from '@shop/contracts';
import type { EntityManager } from 'typeorm';
import { OrderItemEntity } from '../schema/order-item.entity.js';
import { OrderEntity, type OrderStatus } from '../schema/order.entity.js';

/** The order, locked until the transaction ends: the next transaction that settles or cancels it waits. */
export async function lockOrder(manager: EntityManager, id: string): Promise<OrderEntity | null> {
  return manager.findOne(OrderEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
}

export async function linesOf(manager: EntityManager, orderId: string): Promise<StockLine[]> {
  return manager.find(OrderItemEntity, { where: { orderId }, select: { productId: true, quantity: true } });
}

export async function setStatus(
  manager: EntityManager,
  order: OrderEntity,
  status: OrderStatus,
  rejectionReason: string | null = null,
): Promise<void> {
  await manager.update(
    OrderEntity,
    { id: order.id },
    { status, rejectionReason, version: order.version + 1 },
  );
}
