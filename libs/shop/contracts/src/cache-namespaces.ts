const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What the shop caches and for how long at most; writes invalidate at once. */
export const cacheNamespaces = {
  user: { ttlMs: HOUR_MS },
  product: { ttlMs: HOUR_MS },
  stock: { ttlMs: 5 * MINUTE_MS },
  order: { ttlMs: HOUR_MS },
};
