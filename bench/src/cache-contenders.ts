import { type AssembledCache, assembleCache } from '@fourfold/cache';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Registry } from 'prom-client';

/** Nothing expires while it is measured. */
export const TTL_MS = 3_600_000;
/** A busy machine makes a read slow; it must not turn it into a load. */
const PATIENCE_MS = 10_000;
/** More than is measured: bentocache holds 1,000 unless told otherwise, however small they are. */
const L1_ITEMS = 25_000;

/**
 * A node of ours, connected. Nodes with one `prefix` share what is in Redis.
 * @param assemble of another build of the library
 */
export async function openOurs(
  redisUrl: string,
  prefix: string,
  assemble = assembleCache,
): Promise<AssembledCache> {
  const node = assemble({
    redis: redisUrl,
    prefix,
    namespaces: { product: { ttlMs: TTL_MS } },
    l1MaxBytes: 64 * 1024 * 1024,
    l1MaxTtlMs: TTL_MS,
    commandTimeoutMs: PATIENCE_MS,
    startupWaitMs: PATIENCE_MS,
    registry: new Registry(),
  });
  await node.start();
  return node;
}

/**
 * A node of bentocache with memory, Redis and bus, as https://bentocache.dev/docs/multi-tier sets it up, and connected.
 * `serialize: false` keeps objects instead of JSON in memory: faster, and its documentation warns of it.
 */
export async function openBento(redisUrl: string, prefix: string, { serialize = true } = {}) {
  const connection = connectionTo(redisUrl);
  const memory = serialize
    ? memoryDriver({ maxSize: '64mb', maxItems: L1_ITEMS })
    : memoryDriver({ serialize: false, maxItems: L1_ITEMS });
  const store = bentostore()
    .useL1Layer(memory)
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection }));
  return connected(new BentoCache({ default: 'products', prefix, ttl: TTL_MS, stores: { products: store } }));
}

/** bentocache with Redis alone. */
export async function openBentoOnRedis(redisUrl: string, prefix: string) {
  const store = bentostore().useL2Layer(redisDriver({ connection: connectionTo(redisUrl) }));
  return connected(new BentoCache({ default: 'products', prefix, ttl: TTL_MS, stores: { products: store } }));
}

async function connected<T extends { get(options: { key: string }): Promise<unknown> }>(
  cache: T,
): Promise<T> {
  await cache.get({ key: 'absent' });
  return cache;
}

function connectionTo(redisUrl: string) {
  const { hostname, port } = new URL(redisUrl);
  return { host: hostname, port: Number(port) };
}
