import { ApiCaller, ShopFixture } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { signToken } from '@fourfold-tools/token';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Deployment } from './deployment.js';
import type { LoadCall } from './load.jobs.js';

const AT_ONCE = 16;
const ADDRESS = '12 St James’s Square, London';
const STOCK = 100_000_000;

export interface Customer {
  userId: string;
  token: string;
  orderIds: string[];
}

/** Customers with orders, and what they order. */
export interface Shop {
  customers: Customer[];
  productIds: string[];
}

export interface ShopSize {
  customers: number;
  products: number;
  /** Of each customer; default 3. */
  orders?: number;
}

/** Fills the shop over HTTP, and waits until all its orders are settled. */
export async function openShop(deployment: Deployment, size: ShopSize): Promise<Shop> {
  const { stateDir } = deployment.options;
  const operator = await signToken(stateDir, { role: 'operator', sub: 'bench' });
  const api = new ApiCaller(deployment.apiUrl, operator);
  const shop = new ShopFixture(api);
  const productIds = await manyAtOnce(size.products, () => shop.product(STOCK));
  const customers = await manyAtOnce(size.customers, async (at): Promise<Customer> => {
    const userId = await shop.user(`Customer ${at}`);
    const token = await signToken(stateDir, { role: 'customer', sub: userId });
    const own = new ShopFixture(api.as(token));
    const orderIds: string[] = [];
    for (let turn = 0; turn < (size.orders ?? 3); turn += 1) {
      const { status, text, body } = await own.order(userId, itemsOf(productIds, at + turn));
      if (status !== 201) throw new Error(`POST /v1/orders was answered with ${status}: ${text}`);
      orderIds.push(body.id);
    }
    return { userId, token, orderIds };
  });
  await settled(deployment);
  return { customers, productIds };
}

/** Resolves when no message that is due is left to be worked on. */
export async function settled(deployment: Deployment): Promise<void> {
  const left =
    "SELECT COUNT(*) AS rows_found FROM outbox WHERE state IN ('pending', 'published') AND run_at <= NOW(3)";
  await eventually(async () => (await countOf(deployment, left)) === 0, {
    deadlineMs: 300_000,
    everyMs: 200,
  });
}

/** Orders whose outcome has been mailed: that is the last thing that happens to one. */
export function mailsSent(deployment: Deployment): Promise<number> {
  return countOf(deployment, "SELECT COUNT(*) AS rows_found FROM emails WHERE state = 'sent'");
}

export async function countOf({ servers }: Deployment, sql: string, values: unknown[] = []): Promise<number> {
  const connection = await createConnection(servers.primary.appUrl);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql, values);
    return Number(rows[0]?.['rows_found']);
  } finally {
    await connection.end();
  }
}

function itemsOf(productIds: readonly string[], turn: number): { productId: string; quantity: number }[] {
  return [0, 1].map((line) => ({
    productId: productIds[(turn * 2 + line) % productIds.length]!,
    quantity: 1,
  }));
}

/** One unit of a product for each customer. */
export function oneEach({ customers }: Shop, productIds: readonly string[]): LoadCall[] {
  return customers.map(({ userId, token }, at) => {
    const items = [{ productId: productIds[at % productIds.length]!, quantity: 1 }];
    return placing(token, { userId, items, shippingAddress: ADDRESS });
  });
}

function placing(token: string, body: object): LoadCall {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return { method: 'POST', path: '/v1/orders', headers, body: JSON.stringify(body) };
}

/** Each customer with their own token, in turns. */
export const calls = {
  order: ({ customers }: Shop) =>
    customers.map((one, at) => get(one, `/v1/orders/${one.orderIds[at % one.orderIds.length]}`)),
  product: ({ customers, productIds }: Shop) =>
    customers.map((one, at) => get(one, `/v1/products/${productIds[at % productIds.length]}`)),
  userOrders: ({ customers }: Shop) => customers.map((one) => get(one, `/v1/users/${one.userId}/orders`)),
  user: ({ customers }: Shop) => customers.map((one) => get(one, `/v1/users/${one.userId}`)),
  placing: ({ customers, productIds }: Shop) =>
    customers.map(({ userId, token }, at) =>
      placing(token, { userId, items: itemsOf(productIds, at), shippingAddress: ADDRESS }),
    ),
};

function get({ token }: Customer, path: string): LoadCall {
  return { method: 'GET', path, headers: { authorization: `Bearer ${token}` } };
}

async function manyAtOnce<T>(count: number, one: (at: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < count; at = next++) results[at] = await one(at);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
