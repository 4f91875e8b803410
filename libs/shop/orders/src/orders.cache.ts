import { defineNamespace } from '@fourfold/cache';
import type { Page } from '@shop/contracts';
import { type EncodedOrder, ENCODING } from './order.view.js';

/** Writes invalidate at once; the TTL is the net. */
export const orderCache = defineNamespace<EncodedOrder>('order', { ttlMs: 60 * 60_000, version: ENCODING });

/** Ids of the first page of a user's orders, by the user: as new as its index. Orders may change and leave it as it is. */
export const userOrdersCache = defineNamespace<Page<string>>('user-orders', { ttlMs: 60 * 60_000 });

/**
 * The best sellers, by how many are asked for: a warm-up of each process that starts wants them, and so may others. They
 * change slowly, and counting them reads 20,000 rows, so no caller waits for that: past the TTL the old list is
 * given while a new one is made.
 */
export const bestSellersCache = defineNamespace<string[]>('best-sellers', {
  ttlMs: 10 * 60_000,
  neverExpire: true,
});
