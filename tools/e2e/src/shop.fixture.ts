import { randomUUID } from 'node:crypto';
import type { components } from '@fourfold/client';
import { eventually } from '@fourfold-tools/testing';
import type { ApiCaller } from './api.caller.js';

export type OrderBody = components['schemas']['Order'];

/** What tests need to be there before they can order. */
export class ShopFixture {
  constructor(private readonly api: ApiCaller) {}

  async product(stock: number, amount = 450): Promise<string> {
    const sku = `T-${randomUUID()}`;
    const body = { sku, name: `Product ${sku}`, price: { amount, currency: 'GBP' as const }, stock };
    return idOf(await this.api.client.POST('/v1/products', { body }));
  }

  async user(name = 'Ada Lovelace'): Promise<string> {
    const body = { name, email: `${randomUUID()}@example.com` };
    return idOf(await this.api.client.POST('/v1/users', { body }));
  }

  order(userId: string, items: { productId: string; quantity: number }[], key: string = randomUUID()) {
    const body = { userId, items, shippingAddress: '12 St James’s Square, London' };
    return this.api.post('/orders', body, { 'idempotency-key': key });
  }

  /** Waits until the order has left `pending`. */
  async settled(orderId: string, deadlineMs = 30_000): Promise<OrderBody> {
    let last: OrderBody | undefined;
    await eventually(
      async () => {
        last = (await this.api.get(`/orders/${orderId}`)).body;
        return last.status !== undefined && last.status !== 'pending';
      },
      { deadlineMs },
    );
    return last!;
  }

  async stockOf(productId: string): Promise<number> {
    return (await this.api.get(`/products/${productId}`)).body.stock;
  }
}

function idOf({ data, error, response }: { data?: { id: string }; error?: unknown; response: Response }) {
  if (data) return data.id;
  throw new Error(`${response.url} answered ${response.status}: ${JSON.stringify(error)}`);
}
