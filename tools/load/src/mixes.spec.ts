import { seeded } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { type MixName, mixOf } from './mixes.js';

const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const shop = { userIds: ids('u', 50), productIds: ids('p', 100), orderIds: ids('o', 20) };
const CALLS = 10_000;

function callsOf(name: MixName, orderIds: readonly string[] = shop.orderIds) {
  const next = mixOf(name, { run: 'r', shop: { ...shop, orderIds }, random: seeded(3) });
  return Array.from({ length: CALLS }, next);
}

describe('a mix', () => {
  it.each<[MixName, number]>([
    ['read-heavy', 0.05],
    ['write-heavy', 0.8],
    ['flash-sale', 1],
  ])('%s: of its calls %d are orders', (name, share) => {
    const orders = callsOf(name).filter(({ method }) => method === 'POST').length;
    expect(orders / CALLS).toBeCloseTo(share, 1);
  });

  it('places as many orders as it is told to', () => {
    const next = mixOf('read-heavy', { run: 'r', shop, random: seeded(3), writeShare: 0.5 });
    const orders = Array.from({ length: CALLS }, next).filter(({ method }) => method === 'POST').length;
    expect(orders / CALLS).toBeCloseTo(0.5, 1);
  });

  it('asks for few things most of the time, and for all of them', () => {
    const products = callsOf('read-heavy').filter(({ route }) => route === 'GET /v1/products/:id');
    const counts = Map.groupBy(products, ({ path }) => path);
    const top = [...counts.values()].map(({ length }) => length).toSorted((a, b) => b - a);
    expect(counts.size).toBe(100);
    expect(top.slice(0, 10).reduce((sum, count) => sum + count) / products.length).toBeGreaterThan(0.4);
  });

  it('sells one product in a flash sale, to many', () => {
    const bodies = callsOf('flash-sale').map(
      ({ body }) => JSON.parse(body!) as { userId: string; items: object[] },
    );
    expect(new Set(bodies.map(({ items }) => JSON.stringify(items)))).toEqual(
      new Set([JSON.stringify([{ productId: 'p0', quantity: 1 }])]),
    );
    expect(new Set(bodies.map(({ userId }) => userId)).size).toBe(50);
  });

  it('never uses an idempotency key twice, and asks for no order before there is one', () => {
    const calls = callsOf('read-heavy', []);
    const keys = calls.flatMap(({ headers }) => headers?.['idempotency-key'] ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(calls.some(({ route }) => route === 'GET /v1/orders/:id')).toBe(false);
  });
});
