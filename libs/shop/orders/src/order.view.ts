import { gbp, type Money } from '@shop/contracts';
import type { OrderEntity, OrderStatus } from './schema/order.entity.js';
import type { OrderItemEntity } from './schema/order-item.entity.js';

/** An order as the API shows it; `version` is its ETag. */
export interface OrderView {
  id: string;
  userId: string;
  status: OrderStatus;
  items: { productId: string; quantity: number; unitPrice: Money }[];
  total: Money;
  shippingAddress: string;
  createdAt: string;
  rejectionReason?: string;
  version: number;
}

/** Its items are in the order of the request that placed it. */
export function viewOf(order: OrderEntity, items: readonly OrderItemEntity[]): OrderView {
  return {
    id: order.id,
    userId: order.userId,
    status: order.status,
    items: items
      .toSorted((a, b) => a.line - b.line)
      .map(({ productId, quantity, unitPriceMinor }) => ({
        productId,
        quantity,
        unitPrice: gbp(unitPriceMinor),
      })),
    total: gbp(order.totalMinor),
    shippingAddress: order.shippingAddress,
    createdAt: order.createdAt.toISOString(),
    ...(order.rejectionReason === null ? {} : { rejectionReason: order.rejectionReason }),
    version: order.version,
  };
}

/** The body of an answer: the version travels as ETag. */
export function bodyOf({ version: _version, ...body }: OrderView): Omit<OrderView, 'version'> {
  return body;
}
