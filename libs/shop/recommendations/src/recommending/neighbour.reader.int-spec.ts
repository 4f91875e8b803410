import { randomUUID } from 'node:crypto';
import { type AssembledCache, assembleCache, policiesOf } from '@fourfold/cache';
import { PATIENT_CACHE, sequence, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAIRS, WITH_TOO_MANY } from '../counting/pair.store.js';
import { basketNeighboursCache, productNeighboursCache } from '../recommendations.cache.js';
import { CountsDatabase } from '../testing/counts-database.js';
import { NEIGHBOURS, NeighbourReader } from './neighbour.reader.js';

let counts: CountsDatabase;
let assembled: AssembledCache;
let reader: NeighbourReader;
beforeAll(async () => {
  counts = await CountsDatabase.start();
  assembled = assembleCache({
    redis: topology().redisCache.url,
    prefix: `t-${randomUUID()}`,
    namespaces: policiesOf([productNeighboursCache, basketNeighboursCache]),
    ...PATIENT_CACHE,
  });
  await assembled.start();
  reader = new NeighbourReader(counts.dataSource, assembled.cache);
});
afterAll(async () => {
  assembled?.close();
  await counts?.close();
});

describe('what goes with a product', () => {
  it('is what was bought with it, the closest first, and comes from the cache for a while', async () => {
    await counts.count(['1', '2'], ['1', '2'], ['1', '3'], ['3', '4'], ['3', '5']);
    expect(await reader.ofProduct('1')).toEqual(['2', '3']);
    expect(await reader.ofProduct('99')).toEqual([]);
    await counts.count(['1', '3'], ['1', '3'], ['1', '3'], ['1', '3']);
    expect(await reader.ofProduct('1')).toEqual(['2', '3']);
    await assembled.cache.invalidate('product-neighbours', '1');
    expect(await reader.ofProduct('1')).toEqual(['3', '2']);
  });

  it('of all products of an order is what goes with any, and none of its own', async () => {
    const basket = { orderId: '1', productIds: ['1', '4'] };
    expect(await reader.ofBasket(basket)).toEqual(['3', '2']);
    expect(await reader.ofBasket({ orderId: '2', productIds: ['1', '3', '4'] })).toEqual(['2', '5']);
  });
});

describe('with many products', () => {
  beforeAll(async () => {
    await counts.empty();
    const { dataSource } = counts;
    await dataSource.query(
      `INSERT INTO basket_products (product_id, orders) SELECT seq, 3 FROM ${sequence(10_000)}`,
    );
    await dataSource.query(
      `INSERT INTO basket_pairs (product_id, other_id, orders, missed)
       SELECT 1 + seq DIV 50, 1 + seq % 50, 1, 0 FROM ${sequence(50_000)}`,
    );
    await dataSource.query('ANALYZE TABLE basket_products, basket_pairs');
  });

  it.each([
    ['neighbours of a product', NEIGHBOURS, ['7']],
    ['neighbours of an order', NEIGHBOURS, Array.from({ length: 50 }, (_, at) => String(3 * at + 1))],
    ['products with too many pairs', WITH_TOO_MANY, ['7', '8', '9']],
    ['pairs of those', PAIRS, ['7', '8']],
  ])('%s are found by primary keys, and nothing else is read', async (_what, sql, ids) => {
    const steps = await counts.dataSource.query<Record<string, string>[]>(`EXPLAIN ${sql}`, [ids]);
    for (const step of steps) {
      expect(step['key']).toBe('PRIMARY');
      expect(['range', 'ref', 'eq_ref', 'const']).toContain(step['type']);
      expect(step['Extra'] ?? '').not.toMatch(/filesort|temporary/);
    }
  });
});
