import { parseSnowflake } from '@fourfold/sharding';
import { expect, it } from 'vitest';
import { ordersOf } from './orders.plan.js';
import { productsOf, type SeedSizes, usersOf } from './shop.plan.js';

const HOUR_MS = 3_600_000;
const sizes: SeedSizes = {
  orders: 20_000,
  users: 1_000,
  products: 500,
  days: 7,
  seed: 4,
  untilMs: Date.UTC(2026, 10, 29),
};
const orders = [...ordersOf(sizes)];
const shareOf = (holds: (order: (typeof orders)[number]) => boolean): number =>
  orders.filter(holds).length / orders.length;

it('the same sizes and seed give the same orders, another seed others', () => {
  expect([...ordersOf(sizes)]).toEqual(orders);
  expect([...ordersOf({ ...sizes, seed: 5 })]).not.toEqual(orders);
});

it('there are as many as were asked for, in the order of time and of their ids, within the days', () => {
  expect(orders).toHaveLength(sizes.orders);
  expect(new Set(orders.map(({ id }) => id)).size).toBe(sizes.orders);
  const sorted = orders.toSorted((a, b) => a.atMs - b.atMs || Number(BigInt(a.id) - BigInt(b.id)));
  expect(sorted.map(({ id }) => id)).toEqual(orders.map(({ id }) => id));
  expect(orders[0]!.atMs).toBeGreaterThanOrEqual(sizes.untilMs - 7 * 24 * HOUR_MS);
  expect(orders.at(-1)!.atMs).toBeLessThan(sizes.untilMs);
});

it('they end as shops’ orders do, come in the evening more than at night, and have two products and a bit', () => {
  expect(shareOf(({ status }) => status === 'confirmed')).toBeCloseTo(0.92, 1);
  expect(shareOf(({ status }) => status === 'rejected')).toBeCloseTo(0.05, 1);
  const hourOf = (atMs: number) => new Date(atMs).getUTCHours();
  const inHour = (hour: number) => shareOf(({ atMs }) => hourOf(atMs) === hour);
  expect(inHour(20)).toBeGreaterThan(20 * inHour(3));
  const lines = orders.reduce((sum, order) => sum + order.lines.length, 0);
  expect(lines / orders.length).toBeGreaterThan(2);
  expect(lines / orders.length).toBeLessThan(2.5);
});

it('a product is in an order once, and the best ones are in most: Zipf’s law', () => {
  for (const { lines } of orders)
    expect(new Set(lines.map(({ product }) => product)).size).toBe(lines.length);
  const has = (product: number) => shareOf(({ lines }) => lines.some((line) => line.product === product));
  // Twice as often as the second, and so on; a little less, as none is twice in an order.
  expect(has(0) / has(9)).toBeGreaterThan(5);
  expect(has(0) / has(9)).toBeLessThan(11);
});

it('some users order much more than others, and almost all do', () => {
  const users = Map.groupBy(orders, ({ user }) => user);
  const most = [...users.values()].map(({ length }) => length).sort((a, b) => b - a);
  const best = most.slice(0, 100).reduce((sum, count) => sum + count, 0) / orders.length;
  expect(best).toBeGreaterThan(0.3);
  expect(users.size).toBeGreaterThan(950);
});

it('users and products are older than the first order, and each has what must be its own', () => {
  for (const all of [usersOf(sizes), productsOf(sizes)]) {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(all.every(({ createdMs }) => createdMs < orders[0]!.atMs)).toBe(true);
  }
  expect(new Set(usersOf(sizes).map(({ email }) => email)).size).toBe(sizes.users);
  expect(new Set(productsOf(sizes).map(({ sku }) => sku)).size).toBe(sizes.products);
});

it('another seed has other ids in the same milliseconds', () => {
  const oneDay = { ...sizes, days: 1 };
  const other = { ...oneDay, seed: 5 };
  for (const rowsOf of [usersOf, productsOf, ordersOf]) {
    const taken = new Map<string | number, unknown>();
    for (const row of rowsOf(oneDay)) taken.set(row.id, row).set(timeOf(row), row);
    const others = [...rowsOf(other)];
    expect(others.some((row) => taken.has(timeOf(row)))).toBe(true);
    expect(others.filter(({ id }) => taken.has(id))).toEqual([]);
  }
});

const timeOf = ({ id }: { id: string }): number => parseSnowflake(id).timeMs;
