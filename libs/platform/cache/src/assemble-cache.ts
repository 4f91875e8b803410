import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '@fourfold/kernel';
import { RedisKeys } from './cache-key.js';
import { CacheMetrics } from './cache.metrics.js';
import { type CacheModuleOptions, resolveCacheOptions } from './cache.options.js';
import { CacheWriter } from './cache.writer.js';
import { CarriedInvalidations } from './invalidation/carried-invalidations.js';
import { HeldInvalidations } from './invalidation/held-invalidations.js';
import { InvalidationBus } from './invalidation/invalidation-bus.js';
import { InvalidationMessages } from './invalidation/invalidation-messages.js';
import { LocalInvalidations } from './invalidation/local-invalidations.js';
import { PendingInvalidations } from './invalidation/pending-invalidations.js';
import { PubSubRefusals } from './invalidation/pubsub-refusals.js';
import { L1Store } from './l1/l1.store.js';
import { CommandDeadline } from './l2/command.deadline.js';
import { LeaseCommands } from './l2/lease-commands.js';
import { openClient, openSubscriber } from './l2/redis-connection.js';
import { RedisL2Store } from './l2/redis-l2.store.js';
import { ScriptRunner } from './l2/script.runner.js';
import { ServerInfo } from './l2/server-info.js';
import { ServerTime } from './l2/server-time.js';
import { StallBreaker } from './l2/stall.breaker.js';
import { AheadRefresher } from './loading/ahead.refresher.js';
import { LeasedLoader } from './loading/leased-loader.js';
import { LevelFiller } from './loading/level.filler.js';
import { LoadRunner } from './loading/load.runner.js';
import { OldValues } from './loading/old-values.js';
import { OwnLoads } from './loading/own-loads.js';
import { SingleFlight } from './loading/single-flight.js';
import { MultiLevelCache } from './multi-level-cache.js';
import { Namespaces } from './namespace.js';
import type { CachedValue } from './serializing/serializer.js';

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
  /** For consistency tokens. */
  readonly carried: CarriedInvalidations;
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
  const { redisUrl, commandTimeoutMs, leaseMs, maxValueBytes } = options;
  const keys = new RedisKeys(options.prefix);
  const messages = new InvalidationMessages(randomUUID());
  const namespaces = new Namespaces(options.namespaces);
  const flights = new SingleFlight<CachedValue>(clock, leaseMs);
  const l1 = new L1Store(options.l1MaxBytes, clock);
  const ownLoads = new OwnLoads(clock, leaseMs);
  const local = new LocalInvalidations(l1, flights, ownLoads, namespaces, messages);

  let isClosed = false;
  const adjustL1 = (): void => {
    for (const namespace of namespaces.all()) namespace.generation = undefined;
    const state = bus.live ? 'serving' : l2.state === 'away' ? 'alone' : 'suspended';
    if (isClosed || state === l1.state) return;
    l1.become(state);
    flights.forgetAll();
  };
  const refusals = new PubSubRefusals(clock, keys.channel);
  const client = openClient(redisUrl, commandTimeoutMs);
  const deadline = new CommandDeadline(commandTimeoutMs);
  const scripts = new ScriptRunner(client, deadline);
  const l2 = new RedisL2Store(
    client,
    new LeaseCommands(scripts, keys, messages, leaseMs, commandTimeoutMs, new ServerTime(), refusals),
    new ServerInfo(scripts),
    new PendingInvalidations(messages, namespaces.names(), options.maxPendingInvalidations),
    namespaces.names(),
    new StallBreaker(clock, commandTimeoutMs),
    { onInvalidated: (target) => local.apply(target), onStateChanged: adjustL1 },
  );
  const bus = new InvalidationBus(
    openSubscriber(redisUrl, commandTimeoutMs),
    keys.channel,
    messages,
    { onInvalidated: (target) => local.apply(target), onLive: adjustL1, onDown: adjustL1 },
    refusals,
    HEARTBEAT_MS,
  );
  l1.become('alone');

  const metrics = new CacheMetrics({ namespaces, l1, l2, bus, refusals }, options.registry);
  const limits = {
    timeoutMs: options.loadTimeoutMs,
    atOnce: options.maxLoads,
    atOnceWhileAway: options.maxLoadsWhileAway,
    queued: options.maxQueuedLoads,
  };
  const filler = new LevelFiller(l1, l2, clock, random, options);
  const runner = new LoadRunner(limits, () => l1.state === 'serving', metrics);
  const oldValues = new OldValues();
  const loader = new LeasedLoader(l2, filler, runner, ownLoads, oldValues, clock, options.leaseWaitMs);
  const refresher = new AheadRefresher(loader);
  const held = new HeldInvalidations();
  const longestL1Ms = Math.max(
    options.l1MaxTtlMs,
    ...Object.values(options.namespaces).map(({ l1MaxTtlMs }) => l1MaxTtlMs),
  );
  const carried = new CarriedInvalidations(local, l2, messages, namespaces.names(), clock, longestL1Ms);
  const writer = new CacheWriter(
    namespaces,
    l1,
    l2,
    local,
    messages,
    held,
    carried,
    clock,
    random,
    maxValueBytes,
  );

  return {
    cache: new MultiLevelCache(namespaces, l1, l2, loader, flights, refresher, writer, oldValues, clock),
    l2,
    bus,
    carried,
    async start() {
      l2.start();
      bus.start();
      for (
        let waitedMs = 0;
        waitedMs < options.startupWaitMs && !(l2.trusted && bus.live);
        waitedMs += START_POLL_MS
      ) {
        await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
      }
    },
    close() {
      isClosed = true;
      refresher.close();
      bus.close();
      l2.close();
      deadline.close();
      l1.become('suspended');
      metrics.close();
    },
  };
}
