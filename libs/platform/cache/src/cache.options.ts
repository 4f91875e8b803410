import { redisUrlSchema } from '@fourfold/kernel';
import type { Registry } from 'prom-client';
import {
  checkPolicy,
  checkWhole,
  type CachePolicy,
  makePolicy,
  MAX_MS,
  type PolicyOptions,
} from './cache-policy.js';
import { CacheConfigurationError } from './cache.errors.js';

export interface CacheModuleOptions {
  /** The cache Redis, e.g. `redis://127.0.0.1:16379/0`. It may evict; it must not be the queue's. */
  redisUrl: string;
  /** Set before every Redis key and channel. On Redis Cluster it must be a hash tag: `{name}`. */
  prefix: string;
  namespaces: Readonly<Record<string, PolicyOptions>>;
  /** Bytes of key, value and overhead that L1 may hold. Default 10 MiB. */
  l1MaxBytes?: number;
  /** Default 60,000 ms. */
  l1MaxTtlMs?: number;
  /** The same for what is loaded while Redis is away, when no other process's invalidate can be heard. Default 5,000 ms. */
  l1AwayTtlMs?: number;
  /** Bytes of one encoded value; a larger one is handed out, not stored, and counted. Default 1 MiB. */
  maxValueBytes?: number;
  /** Deadline of one Redis command, after which a read goes to the loader. Default 250 ms. */
  commandTimeoutMs?: number;
  /** How long one loader may hold a key; a later fill is refused. Default 10,000 ms. */
  leaseMs?: number;
  /** How long to wait for another process's load before loading as well. Default 1,000 ms. */
  leaseWaitMs?: number;
  /** Deadline of one loader: its callers then get a LoadTimeoutError. Default 30,000 ms. */
  loadTimeoutMs?: number;
  /** Loads at once while both levels are in use. Default 100. */
  maxLoads?: number;
  /** Loads at once while Redis is away, or its messages can't be heard. Default 16. */
  maxLoadsWhileAway?: number;
  /** Loads that may wait for their turn; one more is a LoadLimitError. Default 1,000. */
  maxQueuedLoads?: number;
  /** Invalidations remembered while Redis is away; beyond it whole namespaces are flushed on return. Default 10,000. */
  maxPendingInvalidations?: number;
  /** How long start-up waits for Redis before it goes on without. Default 1,000 ms. */
  startupWaitMs?: number;
  /** Where metrics are registered. Default: prom-client's own default register. */
  registry?: Registry;
  /** Run every WarmupSource of the application, behind its start. Default false. */
  warmUpAtStart?: boolean;
}

export interface ResolvedCacheOptions extends Required<Omit<CacheModuleOptions, 'registry' | 'namespaces'>> {
  namespaces: Readonly<Record<string, CachePolicy>>;
  registry: Registry | undefined;
}

const DEFAULTS = {
  l1MaxBytes: 10 * 1024 * 1024,
  l1MaxTtlMs: 60_000,
  l1AwayTtlMs: 5_000,
  maxValueBytes: 1024 * 1024,
  commandTimeoutMs: 250,
  leaseMs: 10_000,
  leaseWaitMs: 1_000,
  loadTimeoutMs: 30_000,
  maxLoads: 100,
  maxLoadsWhileAway: 16,
  maxQueuedLoads: 1_000,
  maxPendingInvalidations: 10_000,
  startupWaitMs: 1_000,
};
const COUNTS: ReadonlySet<string> = new Set(['l1MaxBytes', 'maxValueBytes']);

/**
 * Fills in defaults.
 * @throws CacheConfigurationError naming every option that cannot work.
 */
export function resolveCacheOptions(options: CacheModuleOptions): ResolvedCacheOptions {
  const faults: string[] = [];
  const url = redisUrlSchema.safeParse(options.redisUrl);
  if (!url.success) faults.push(`redisUrl ${url.error.issues[0]!.message}`);
  // No colon: it separates the parts of a key, and two prefixes must never meet.
  if (!/^[\w.{}-]{1,64}$/.test(options.prefix)) faults.push('prefix must match [A-Za-z0-9_.{}-]{1,64}');
  const numbers = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    checkWhole(name, options[name], 1, COUNTS.has(name) ? Number.MAX_SAFE_INTEGER : MAX_MS, faults);
    numbers[name] = options[name] ?? DEFAULTS[name];
  }
  const namespaces: Record<string, CachePolicy> = {};
  for (const [name, given] of Object.entries(options.namespaces)) {
    if (given.ttlMs === undefined) faults.push(`namespaces.${name}.ttlMs is missing`);
    checkPolicy(given, faults, `namespaces.${name}.`);
    if (faults.length === 0) namespaces[name] = makePolicy(given, numbers.l1MaxTtlMs);
  }
  if (faults.length > 0) throw new CacheConfigurationError(faults);
  return {
    redisUrl: options.redisUrl,
    prefix: options.prefix,
    ...numbers,
    namespaces,
    registry: options.registry,
    warmUpAtStart: options.warmUpAtStart ?? false,
  };
}
