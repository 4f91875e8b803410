import { randomUUID } from 'node:crypto';
import { eventually } from '@fourfold-tools/testing';
import type { Answer, ApiCaller } from './api.caller.js';

export interface OrderBody {
  id: string;
  userId: string;
  status: 'pending' | 'confirmed' | 'rejected' | 'cancelled';
  total: { amount: number; currency: string };
  rejectionReason?: string;
}

/** What tests need to be there before they can order. */
export class ShopFixture {
  constructor(private readonly api: ApiCaller) {}

  async product(stock: number, amount = 450): Promise<string> {
    const sku = `T-${randomUUID()}`;
    const price = { amount, currency: 'GBP' };
    return this.created('/products', { sku, name: `Product ${sku}`, price, stock });
  }

  async user(name = 'Ada Lovelace'): Promise<string> {
    return this.created('/users', { name, email: `${randomUUID()}@example.com` });
  }

  order(
    userId: string,
    items: { productId: string; quantity: number }[],
    key: string = randomUUID(),
  ): Promise<Answer<OrderBody>> {
    const body = { userId, items, shippingAddress: '12 St James’s Square, London' };
    return this.api.post<OrderBody>('/orders', body, { 'idempotency-key': key });
  }

  /** Waits until the order has left `pending`. */
  async settled(orderId: string, deadlineMs = 30_000): Promise<OrderBody> {
    let last: OrderBody | undefined;
    await eventually(
      async () => {
        last = (await this.api.get<OrderBody>(`/orders/${orderId}`)).body;
        return last.status !== undefined && last.status !== 'pending';
      },
      { deadlineMs },
    );
    return last!;
  }

  async stockOf(productId: string): Promise<number> {
    return (await this.api.get<{ stock: number }>(`/products/${productId}`)).body.stock;
  }

  private async created(path: string, body: object): Promise<string> {
    const answer = await this.api.post<{ id: string }>(path, body);
    if (answer.status !== 201) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body.id;
  }
}
