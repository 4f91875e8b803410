import type { MultiLevelCache } from '@fourfold/cache';
import { ManualClock } from '@fourfold/kernel';
import { Outbox } from '@fourfold/outbox';
import { InMemoryWorkerIdLease, SnowflakeIds } from '@fourfold/sharding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProductCaches } from './product.caches.js';
import { ProductEditor } from './product-editor.js';
import { CatalogDatabase } from './testing/catalog-database.js';

let database: CatalogDatabase;

beforeAll(async () => {
  database = await CatalogDatabase.create();
});
afterAll(() => database?.close());

/** No cache: what is invalidated is stored nowhere. */
const noCache = {
  invalidateAfter: async <T>(work: () => Promise<T>) => ({ deferred: false, result: await work() }),
} as unknown as MultiLevelCache;
const done = async () => ({ deferred: false });
const noCaches = { created: done, stockChanged: done } as unknown as ProductCaches;

describe('a process that was frozen until its ids had run out', () => {
  it('creates a product, and sets what is available of it, as soon as it has new ones', async () => {
    const clock = new ManualClock(Date.now());
    const ids = await SnowflakeIds.start(new InMemoryWorkerIdLease(), { clock });
    const editor = new ProductEditor(database.dataSource, ids, new Outbox(), noCache, noCaches);
    clock.advance(3_600_000);
    const { id } = await editor.create({
      sku: 'S-1',
      name: 'Lamp',
      price: { amount: 100, currency: 'GBP' },
      stock: 1,
    });
    expect(await database.stock()).toEqual({ [id]: 1 });
    clock.advance(3_600_000);
    await editor.setStock(id, 2);
    expect(await database.stock()).toEqual({ [id]: 2 });
    await ids.onApplicationShutdown();
  });
});
