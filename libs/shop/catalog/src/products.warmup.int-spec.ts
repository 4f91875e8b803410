import { randomUUID } from 'node:crypto';
import { type AssembledCache, assembleCache, policiesOf } from '@fourfold/cache';
import { PATIENT_CACHE, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { catalogNamespaces } from './index.js';
import { ProductReader } from './product.reader.js';
import { ProductsWarmup } from './products.warmup.js';
import { CatalogDatabase } from './testing/catalog-database.js';

let database: CatalogDatabase;
let assembled: AssembledCache;

beforeAll(async () => {
  database = await CatalogDatabase.create();
  const prefix = `t-${randomUUID()}`;
  assembled = assembleCache({
    redis: topology().redisCache.url,
    prefix,
    namespaces: policiesOf(catalogNamespaces),
    ...PATIENT_CACHE,
  });
  await assembled.start();
});
afterAll(async () => {
  assembled?.close();
  await database?.close();
});

it('the warm-up of products puts card and stock of the best sellers into the cache, and of no others', async () => {
  await database.fill({ 1: 10, 2: 20, 3: 30 });
  const { cache } = assembled;
  const reader = new ProductReader(database.dataSource, cache);
  let asked = 0;
  const ids = async (limit: number): Promise<string[]> => {
    asked = limit;
    return ['3', '1'];
  };
  expect(await cache.warm(new ProductsWarmup({ ids }, reader).entries())).toMatchObject({ loaded: 4 });
  expect(asked).toBe(500);
  expect(await cache.peek('stock', '2')).toBeUndefined();
  await database.dataSource.query('UPDATE stock SET available = 0');
  const products = await reader.findMany(['1', '3']);
  expect([...products.values()].map(({ id, stock }) => [id, stock])).toEqual([
    ['1', 10],
    ['3', 30],
  ]);
});

it('a read of 1,000 products that do not exist asks for the stock of none', async () => {
  await database.fill({ 1: 10 });
  const { cache } = assembled;
  const before = cache.stats().namespaces['stock']!;
  const ids = Array.from({ length: 1_000 }, (_, i) => String(1_000_000 + i));
  expect(await new ProductReader(database.dataSource, cache).findMany(ids)).toEqual(new Map());
  expect(cache.stats().namespaces['stock']).toEqual(before);
});
