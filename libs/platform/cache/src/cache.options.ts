import type { Registry } from 'prom-client';
import { CacheConfigurationError } from './cache.errors.js';

export interface NamespaceOptions {
  /** How long a value lives in Redis, milliseconds, before the ±10% jitter. */
  ttlMs: number;
  /** How long "there is no such thing" is believed, milliseconds. Default 60,000. */
  nilTtlMs?: number;
  /** Upper bound of a value's life in this process, milliseconds. Default: the module's `l1MaxTtlMs`. */
  l1MaxTtlMs?: number;
}

export interface CacheModuleOptions {
  /** The cache Redis, e.g. `redis://127.0.0.1:16379/0`. It may evict; it must not be the queue's. */
  redisUrl: string;
  /** Set before every Redis key and channel. On Redis Cluster it must be a hash tag: `{name}`. */
  prefix: string;
  namespaces: Readonly<Record<string, NamespaceOptions>>;
  /** Bytes of key, value and overhead that L1 may hold. Default 10 MiB. */
  l1MaxBytes?: number;
  /** Default 60,000 ms. */
  l1MaxTtlMs?: number;
  /** Deadline of one Redis command, after which a read goes to the loader. Default 250 ms. */
  commandTimeoutMs?: number;
  /** How long one loader may hold a key; a later fill is refused. Default 10,000 ms. */
  leaseMs?: number;
  /** How long to wait for another process's load before loading as well. Default 1,000 ms. */
  leaseWaitMs?: number;
  /** Invalidations remembered while Redis is away; beyond it everything is flushed on return. Default 10,000. */
  maxPendingInvalidations?: number;
  /** How long start-up waits for Redis before it goes on without. Default 1,000 ms. */
  startupWaitMs?: number;
  /** Where metrics are registered. Default: prom-client's own default register. */
  registry?: Registry;
}

export interface ResolvedCacheOptions extends Required<Omit<CacheModuleOptions, 'registry' | 'namespaces'>> {
  namespaces: Readonly<Record<string, Required<NamespaceOptions>>>;
  registry: Registry | undefined;
}

/** Node's timers and Redis clients agree up to here: 24.8 days. */
const MAX_MS = 2_147_483_647;

/**
 * Fills in defaults.
 * @throws CacheConfigurationError naming every option that cannot work.
 */
export function resolveCacheOptions(options: CacheModuleOptions): ResolvedCacheOptions {
  const faults: string[] = [];
  const whole = (name: string, value: number, max = MAX_MS): number => {
    if (!Number.isInteger(value) || value < 1 || value > max) {
      faults.push(`${name} must be a whole number from 1 to ${max}, not ${value}`);
    }
    return value;
  };
  if (!/^rediss?:\/\//.test(options.redisUrl)) faults.push('redisUrl must start with redis:// or rediss://');
  // No colon: it separates the parts of a key, and two prefixes must never meet.
  if (!/^[\w.{}-]{1,64}$/.test(options.prefix)) faults.push('prefix must match [A-Za-z0-9_.{}-]{1,64}');
  const l1MaxTtlMs = whole('l1MaxTtlMs', options.l1MaxTtlMs ?? 60_000);
  const namespaces: Record<string, Required<NamespaceOptions>> = {};
  for (const [name, given] of Object.entries(options.namespaces)) {
    namespaces[name] = {
      ttlMs: whole(`namespaces.${name}.ttlMs`, given.ttlMs),
      nilTtlMs: whole(`namespaces.${name}.nilTtlMs`, given.nilTtlMs ?? 60_000),
      l1MaxTtlMs: whole(`namespaces.${name}.l1MaxTtlMs`, given.l1MaxTtlMs ?? l1MaxTtlMs),
    };
  }
  const resolved = {
    redisUrl: options.redisUrl,
    prefix: options.prefix,
    namespaces,
    l1MaxBytes: whole('l1MaxBytes', options.l1MaxBytes ?? 10 * 1024 * 1024, Number.MAX_SAFE_INTEGER),
    l1MaxTtlMs,
    commandTimeoutMs: whole('commandTimeoutMs', options.commandTimeoutMs ?? 250),
    leaseMs: whole('leaseMs', options.leaseMs ?? 10_000),
    leaseWaitMs: whole('leaseWaitMs', options.leaseWaitMs ?? 1_000),
    maxPendingInvalidations: whole('maxPendingInvalidations', options.maxPendingInvalidations ?? 10_000),
    startupWaitMs: whole('startupWaitMs', options.startupWaitMs ?? 1_000),
    registry: options.registry,
  };
  if (faults.length > 0) throw new CacheConfigurationError(faults);
  return resolved;
}
