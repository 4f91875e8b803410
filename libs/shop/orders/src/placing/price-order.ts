import { CURRENCY, ProductNotFoundError, type ProductView, type StockLine } from '@shop/contracts';
import { InsufficientStockError, OrderTooLargeError } from '../orders.errors.js';
import type { OrderEntity } from '../schema/order.entity.js';
import type { OrderItemEntity } from '../schema/order-item.entity.js';
import type { PlaceOrderInput } from './place-order.schema.js';

export interface PricedOrder {
  order: OrderEntity;
  items: OrderItemEntity[];
}

/**
 * What the order is, at the catalogue's prices. Refuses what clearly can't be had; the stock itself is taken later, by
 * the inventory.
 * @throws ProductNotFoundError, InsufficientStockError, OrderTooLargeError
 */
export function priceOrder(
  id: string,
  input: PlaceOrderInput,
  products: ReadonlyMap<string, ProductView>,
  createdAt: Date,
): PricedOrder {
  refuseUnknown(input.items, products);
  refuseShort(input.items, products);
  const items = input.items.map(({ productId, quantity }, line) => ({
    orderId: id,
    productId,
    line,
    quantity,
    unitPriceMinor: products.get(productId)?.price.amount ?? 0,
  }));
  return {
    items,
    order: {
      id,
      userId: input.userId,
      status: 'pending',
      rejectionReason: null,
      totalMinor: totalOf(items),
      currency: CURRENCY,
      shippingAddress: input.shippingAddress,
      version: 1,
      createdAt,
    },
  };
}

/** Products of two numbers may pass 2^53 before their sum does: hence BigInt. */
function totalOf(items: readonly OrderItemEntity[]): number {
  const total = items.reduce((sum, item) => sum + BigInt(item.quantity) * BigInt(item.unitPriceMinor), 0n);
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) throw new OrderTooLargeError();
  return Number(total);
}

function refuseUnknown(lines: readonly StockLine[], products: ReadonlyMap<string, ProductView>): void {
  const unknown = lines.map(({ productId }) => productId).filter((id) => !products.has(id));
  if (unknown.length === 0) return;
  throw new ProductNotFoundError(
    unknown,
    unknown.map((id) => ({ path: 'items', message: `there is no product ${id}` })),
  );
}

function refuseShort(lines: readonly StockLine[], products: ReadonlyMap<string, ProductView>): void {
  const short = lines.filter(({ productId, quantity }) => (products.get(productId)?.stock ?? 0) < quantity);
  if (short.length === 0) return;
  throw new InsufficientStockError(
    short.map(({ productId, quantity }) => ({
      path: 'items',
      message: `product ${productId}: ${quantity} asked for, ${products.get(productId)?.stock ?? 0} in stock`,
    })),
  );
}
