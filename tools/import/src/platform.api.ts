import { z } from 'zod';
import { type ApiClient, type ApiRequest } from './api.client.js';
import { UnexpectedAnswer } from './api.errors.js';

const money = z.object({ amount: z.int(), currency: z.string() });
const product = z.object({ id: z.string(), sku: z.string(), name: z.string(), price: money, stock: z.int() });
const user = z.object({ id: z.string(), name: z.string(), email: z.string() });
const order = z.object({
  id: z.string(),
  status: z.enum(['pending', 'confirmed', 'rejected', 'cancelled']),
  total: money,
  rejectionReason: z.string().nullish(),
});
const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export type Product = z.output<typeof product>;
export type User = z.output<typeof user>;
export type Order = z.output<typeof order>;

export interface NewProduct {
  sku: string;
  name: string;
  pricePence: number;
  stock: number;
}

export interface NewOrder {
  userId: string;
  items: readonly { productId: string; quantity: number }[];
  shippingAddress: string;
}

export interface PlacedOrder {
  order: Order;
  /** This very order had been accepted before: the first answer came again. */
  replayed: boolean;
}

/** The calls of SPEC §6 that loading data takes, as an operator. Answers are checked, not believed. */
export class PlatformApi {
  constructor(private readonly client: ApiClient) {}

  /** @throws ApiProblem `sku-taken` */
  createProduct({ sku, name, pricePence, stock }: NewProduct): Promise<Product> {
    const body = { sku, name, price: { amount: pricePence, currency: 'GBP' }, stock };
    return this.ask({ method: 'POST', path: '/v1/products', body }, product);
  }

  async findProduct(sku: string): Promise<Product | undefined> {
    const path = `/v1/products?sku=${encodeURIComponent(sku)}`;
    const { items } = await this.ask({ method: 'GET', path }, listOf(product));
    return items.find((found) => found.sku === sku);
  }

  setStock(productId: string, stock: number): Promise<Product> {
    return this.ask({ method: 'PUT', path: `/v1/products/${productId}/stock`, body: { stock } }, product);
  }

  /** @throws ApiProblem `email-taken` */
  createUser(draft: { name: string; email: string }): Promise<User> {
    return this.ask({ method: 'POST', path: '/v1/users', body: draft }, user);
  }

  async findUser(email: string): Promise<User | undefined> {
    const path = `/v1/users?email=${encodeURIComponent(email)}`;
    const { items } = await this.ask({ method: 'GET', path }, listOf(user));
    return items.find((found) => found.email.toLowerCase() === email.toLowerCase());
  }

  async placeOrder(idempotencyKey: string, body: NewOrder): Promise<PlacedOrder> {
    const headers = { 'idempotency-key': idempotencyKey };
    const request: ApiRequest = { method: 'POST', path: '/v1/orders', body, headers };
    const reply = await this.client.send(request);
    return {
      order: checked(request, order, reply.body),
      replayed: reply.headers.get('idempotency-replayed') === 'true',
    };
  }

  readOrder(id: string): Promise<Order> {
    return this.ask({ method: 'GET', path: `/v1/orders/${id}` }, order);
  }

  private async ask<T extends z.ZodType>(request: ApiRequest, shape: T): Promise<z.output<T>> {
    return checked(request, shape, (await this.client.send(request)).body);
  }
}

function checked<T extends z.ZodType>({ method, path }: ApiRequest, shape: T, body: unknown): z.output<T> {
  const result = shape.safeParse(body);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new UnexpectedAnswer(`${method} ${path}`, `the answer is not what the API promises: ${faults}`);
}
