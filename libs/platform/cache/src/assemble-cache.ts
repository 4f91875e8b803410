import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '@fourfold/kernel';
import { RedisKeys } from './cache-key.js';
import { CacheMetrics } from './cache.metrics.js';
import { type CacheModuleOptions, resolveCacheOptions } from './cache.options.js';
import { InvalidationBus, type InvalidationListener, InvalidationMessages } from './invalidation-bus.js';
import { L1Store } from './l1.store.js';
import { LeaseCommands } from './lease-commands.js';
import { LeasedLoader } from './leased-loader.js';
import { MultiLevelCache } from './multi-level-cache.js';
import { Namespaces } from './namespace.js';
import { PendingInvalidations } from './pending-invalidations.js';
import { openLeaseClient, openSubscriber } from './redis-connection.js';
import { RedisL2Store } from './redis-l2.store.js';
import { JsonSerializer, type CachedValue } from './serializer.js';
import { SingleFlight } from './single-flight.js';
import { StallDetector } from './stall-detector.js';

export interface CachePorts {
  clock?: Clock;
  /** 0 ≤ answer < 1; spreads TTLs. */
  random?: () => number;
}

/** A cache with its connections: what the module holds, and what a program without Nest can use. */
export interface AssembledCache {
  readonly cache: MultiLevelCache;
  readonly l2: RedisL2Store;
  readonly bus: InvalidationBus;
  /** Connects; resolves when both levels are in use or `startupWaitMs` is over, whichever is first. */
  start(): Promise<void>;
  /** Closes both connections at once; reads go on working, by their loaders. */
  close(): void;
}

const HEARTBEAT_MS = 1_000;
const START_POLL_MS = 10;

/** @throws CacheConfigurationError */
export function assembleCache(given: CacheModuleOptions, ports: CachePorts = {}): AssembledCache {
  const options = resolveCacheOptions(given);
  const { clock = systemClock, random = Math.random } = ports;
  const { redisUrl, commandTimeoutMs, leaseMs, leaseWaitMs, startupWaitMs } = options;
  const keys = new RedisKeys(options.prefix);
  const messages = new InvalidationMessages(randomUUID());
  const namespaces = new Namespaces(options.namespaces);
  const serializer = new JsonSerializer();
  const flights = new SingleFlight<CachedValue>();
  const l1 = new L1Store(options.l1MaxBytes, clock);
  const listener = keepL1Honest(l1, flights);

  const client = openLeaseClient(redisUrl, commandTimeoutMs);
  const l2 = new RedisL2Store(
    client,
    new LeaseCommands(client, keys, messages, leaseMs),
    new PendingInvalidations(options.maxPendingInvalidations),
    new StallDetector(clock, 3 * commandTimeoutMs),
  );
  l2.onFlushed = () => listener.onEverythingInvalidated();
  const subscriber = openSubscriber(redisUrl, commandTimeoutMs);
  const bus = new InvalidationBus(subscriber, keys.channel, messages, listener, HEARTBEAT_MS);
  const metrics = new CacheMetrics({ namespaces, l1, l2 }, options.registry);
  const loader = new LeasedLoader(l1, l2, serializer, metrics, clock, random, leaseWaitMs);

  return {
    cache: new MultiLevelCache(namespaces, l1, l2, loader, flights, serializer, clock, random),
    l2,
    bus,
    async start() {
      l2.start();
      bus.start();
      for (
        let waitedMs = 0;
        waitedMs < startupWaitMs && !(l2.trusted && bus.live);
        waitedMs += START_POLL_MS
      ) {
        await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
      }
    },
    close() {
      bus.close();
      l2.close();
      l1.suspend();
      metrics.close();
    },
  };
}

/** What other processes invalidate is gone from L1, and no flight from before it is joined. */
function keepL1Honest(l1: L1Store, flights: SingleFlight<CachedValue>): InvalidationListener {
  return {
    onInvalidated(key) {
      l1.invalidate(key);
      flights.forget(key);
    },
    onEverythingInvalidated() {
      l1.clear();
      flights.forgetAll();
    },
    onLive() {
      l1.resume();
      flights.forgetAll();
    },
    onDown() {
      l1.suspend();
    },
  };
}
