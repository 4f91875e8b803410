import { defineNamespace } from '@fourfold/cache';

const TTL_MS = 10 * 60_000;

/**
 * Ids of the products that go with one, by that one. They change a little with each order, so nothing invalidates them: an
 * order shows in them after ten minutes at most.
 */
export const productNeighboursCache = defineNamespace<string[]>('product-neighbours', { ttlMs: TTL_MS });

/** The same of all products of an order, by the order: a new order of the same user is another entry at once. */
export const basketNeighboursCache = defineNamespace<string[]>('basket-neighbours', { ttlMs: TTL_MS });
