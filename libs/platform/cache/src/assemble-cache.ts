import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '@fourfold/kernel';
import { RedisSource } from '@fourfold/redis';
import { RedisKeys } from './cache-key.js';
import { CacheMetrics } from './cache.metrics.js';
import { type CacheModuleOptions, resolveCacheOptions } from './cache.options.js';
import { CacheWriter } from './invalidation/cache.writer.js';
import { CarriedInvalidations } from './invalidation/carried-invalidations.js';
import { InvalidationBus } from './invalidation/invalidation-bus.js';
import { Invalidations } from './invalidation/invalidations.js';
import type { InvalidationTarget } from './invalidation-target.js';
import { L1Store } from './l1/l1.store.js';
import { CommandDeadline } from './l2/command-deadline.js';
import { LeaseCommands } from './l2/lease-commands.js';
import { PendingInvalidations } from './l2/pending-invalidations.js';
import { PubSubRefusals } from './l2/pubsub-refusals.js';
import { openClient } from './l2/redis-connection.js';
import { RedisAvailability } from './l2/redis-availability.js';
import { RedisL2Store } from './l2/redis-l2.store.js';
import { ScriptRunner } from './l2/script.runner.js';
import { ServerInfo } from './l2/server-info.js';
import { ServerTime } from './l2/server-time.js';
import { StallBreaker } from './l2/stall.breaker.js';
import { Finder } from './loading/finder.js';
import { Flights } from './loading/flights.js';
import { LeasedLoader } from './loading/leased-loader.js';
import { LevelFiller } from './loading/level-filler.js';
import { LoadRunner } from './loading/load.runner.js';
import { OldValues } from './loading/old-values.js';
import { MultiLevelCache } from './multi-level-cache.js';
import { Namespaces } from './namespace.js';

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
  /**
   * Connects; resolves when both levels are in use or `startupWaitMs` is over, whichever is first.
   * @throws ConfigurationError where no waiting would help; then it is closed
   */
  start(): Promise<void>;
  /** Closes both connections at once; reads go on working, by their loaders. */
  close(): void;
}

const HEARTBEAT_MS = 1_000;
const START_POLL_MS = 10;

/** @throws ConfigurationError */
export function assembleCache(given: CacheModuleOptions, ports: CachePorts = {}): AssembledCache {
  const options = resolveCacheOptions(given);
  const { commandTimeoutMs, leaseMs, leaseWaitMs, l1AwayTtlMs, maxValueBytes, prefix } = options;
  const { clock = systemClock, random = Math.random } = ports;
  const source = new RedisSource({ redis: options.redis, prefix, option: 'redis (CACHE_REDIS_URL)' });
  const sender = randomUUID();
  const keys = new RedisKeys(prefix);
  const namespaces = new Namespaces(options.namespaces);
  const names = namespaces.names();
  const flights = new Flights(clock, leaseMs);
  const l1 = new L1Store(options.l1MaxBytes, clock);

  let isClosed = false;
  const onInvalidated = (target: InvalidationTarget): void => invalidations.here(target);
  const onStateChanged = (): void => {
    const state = bus.live ? 'serving' : l2.state === 'away' ? 'alone' : 'suspended';
    if (isClosed || state === l1.state) return;
    l1.become(state);
    flights.forgetReads();
  };
  const refusals = new PubSubRefusals(clock, keys.channel);
  const client = openClient(source, commandTimeoutMs);
  const deadline = new CommandDeadline(commandTimeoutMs);
  const runner = new ScriptRunner(client, deadline);
  const time = new ServerTime();
  const commands = new LeaseCommands({ runner, keys, time, refusals, sender, leaseMs, commandTimeoutMs });
  const server = new ServerInfo(runner);
  const redis = new RedisAvailability({
    client,
    commands,
    server,
    pending: new PendingInvalidations(options.maxPendingInvalidations),
    breaker: new StallBreaker(clock, commandTimeoutMs),
    namespaces: names,
    onInvalidated,
    onStateChanged,
  });
  const l2 = new RedisL2Store({ redis, commands, server });
  const invalidations = new Invalidations({ namespaces, l1, l2, flights });
  const bus = new InvalidationBus({
    subscriber: source.subscriber({ deadlineMs: commandTimeoutMs }),
    channel: keys.channel,
    sender,
    refusals,
    heartbeatMs: HEARTBEAT_MS,
    onInvalidated,
    onStateChanged,
  });
  l1.become('alone');

  const metrics = new CacheMetrics({ namespaces, l1, l2, bus, refusals }, options.registry);
  const filler = new LevelFiller({ l1, l2, clock, random, maxValueBytes, l1AwayTtlMs });
  const oldValues = new OldValues();
  const isInUse = (): boolean => l1.state === 'serving';
  const loads = new LoadRunner(options, isInUse, (...load) => metrics.loadStarted(...load));
  const loader = new LeasedLoader({ l2, filler, runner: loads, flights, oldValues, clock, leaseWaitMs });
  const lifetimes = Object.values(options.namespaces).map((policy) => policy.l1MaxTtlMs);
  const keepMs = Math.max(options.l1MaxTtlMs, ...lifetimes);
  const carried = new CarriedInvalidations({ invalidations, clock, keepMs });
  const writer = new CacheWriter({ namespaces, l2, filler, invalidations, carried, maxValueBytes });
  const finder = new Finder({ l1, l2, flights, loader, clock });

  const close = (): void => {
    isClosed = true;
    loader.close();
    bus.close();
    redis.close();
    deadline.close();
    l1.become('suspended');
    metrics.close();
  };
  const inUse = async (): Promise<void> => {
    const endMs = performance.now() + options.startupWaitMs;
    while (!(l2.trusted && bus.live) && performance.now() < endMs) await pause(START_POLL_MS);
  };
  return {
    cache: new MultiLevelCache({ namespaces, l1, l2, finder, writer, oldValues, clock }),
    l2,
    bus,
    carried,
    close,
    async start() {
      redis.start();
      bus.start();
      try {
        await Promise.all([source.check(), inUse()]);
      } catch (error) {
        close();
        throw error;
      }
    },
  };
}
