import { gbp, type Money } from '@shop/contracts';
import type { OrderEntity, OrderStatus } from './schema/order.entity.js';
import type { OrderItemEntity } from './schema/order-item.entity.js';

/** Of the text of an order: to be raised whenever the same order is another text than before. */
export const ENCODING = 2;

/** What makes V8 keep a text in two bytes a character, and not in one. */
const WIDE = /[\u0100-\uffff]/g;

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

/**
 * An order as it is cached and sent: its JSON, put together once, and beside it what is asked of it without reading that.
 */
export interface EncodedOrder {
  readonly id: string;
  /** Whose it is. */
  readonly userId: string;
  /** Its ETag. */
  readonly version: number;
  readonly body: string;
}

/**
 * The version travels as ETag, and not in the body. What is not Latin-1 is escaped, as JSON allows: the one ’ of an address
 * would double what its order takes of L1, and of the time to send it.
 */
export function encode({ version, ...body }: OrderView): EncodedOrder {
  const text = JSON.stringify(body).replace(WIDE, escaped);
  return { id: body.id, userId: body.userId, version, body: text };
}

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A page of orders, put together of what each of them is already. */
export interface EncodedOrders {
  readonly body: string;
  /** Another one for each other body. */
  readonly state: string;
  readonly nextCursor: string | null;
}

export function encodePage(orders: readonly EncodedOrder[], nextCursor: string | null): EncodedOrders {
  const cursor = JSON.stringify(nextCursor);
  return {
    body: `{"items":[${orders.map(({ body }) => body).join(',')}],"nextCursor":${cursor}}`,
    nextCursor,
    state: `${ENCODING} ${orders.map(({ id, version }) => `${id}:${version}`).join(' ')} ${cursor}`,
  };
}
