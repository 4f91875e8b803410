import { Redis } from 'ioredis';
import type { CacheModuleOptions } from '../../cache.options.js';
import { TestCaches } from '../test-caches.js';
import { type CacheUnderTest, naiveUnderTest, oursUnderTest } from './cache-under-test.js';

/** Caches of one kind that share one Redis. */
export interface TrioMembers {
  readonly processes: readonly CacheUnderTest[];
  /** Publishes on the channel that the others listen to, past all links; resolves when Redis has done it. */
  say(marker: string): Promise<unknown>;
  close(): void;
}

/** @param prefix of all keys; `urls` has one for each process, and `ownUrl` is past all links. */
export type JoinTrio = (prefix: string, urls: readonly string[], ownUrl: string) => Promise<TrioMembers>;

/** Ours, and one more that says markers only, in a namespace that the others do not use. */
export function ourMembers(options: Partial<CacheModuleOptions>): JoinTrio {
  return async (prefix, urls, ownUrl) => {
    const caches = new TestCaches(ownUrl);
    const herald = await caches.open(prefix);
    const opened = urls.map((redis) => caches.open(prefix, { ...options, redis }));
    return {
      processes: (await Promise.all(opened)).map(oursUnderTest),
      say: (marker) => herald.cache.invalidate('stock', marker),
      close: () => caches.closeAll(),
    };
  };
}

/** The twins hear nothing, so nothing is said to them. */
export function naiveMembers(hasL1: boolean): JoinTrio {
  return async (prefix, urls) => {
    const clients = urls.map(plainClient);
    return {
      processes: clients.map((client) => naiveUnderTest(client, prefix, hasL1)),
      say: async () => {},
      close: () => clients.forEach((client) => client.disconnect()),
    };
  };
}

export function plainClient(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => 20 });
  client.on('error', () => {});
  return client;
}
