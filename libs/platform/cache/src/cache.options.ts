import { parseOptions } from '@fourfold/kernel';
import { redisOptionsSchema } from '@fourfold/redis';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { type CachePolicy, makePolicy, policySchema, wholeMs } from './cache-policy.js';

const bytes = z.int().min(1);

export const cacheOptionsSchema = z.strictObject({
  /**
   * The cache Redis: a URL, e.g. `redis://127.0.0.1:16379/0`, a URL with more, or a function that makes clients. It may
   * evict; it must not be the queue's.
   */
  redis: redisOptionsSchema,
  /** Set before every Redis key and channel. On Redis Cluster it must be a hash tag: `{name}`. */
  // No colon: it separates the parts of a key, and two prefixes must never meet.
  prefix: z.string().regex(/^[\w.{}-]{1,64}$/, 'must match [A-Za-z0-9_.{}-]{1,64}'),
  /** How the values of each are kept. */
  namespaces: z.record(z.string(), policySchema),
  /** Bytes of key, value and overhead that L1 may hold. Default 10 MiB. */
  l1MaxBytes: bytes.default(10 * 1024 * 1024),
  /** The most a value lives in this process, milliseconds. Default 60,000. */
  l1MaxTtlMs: wholeMs.default(60_000),
  /** The same for what is loaded while Redis is away, when no other process's invalidate can be heard. Default 5,000 ms. */
  l1AwayTtlMs: wholeMs.default(5_000),
  /** Bytes of one encoded value; a larger one is handed out, not stored, and counted. Default 1 MiB. */
  maxValueBytes: bytes.default(1024 * 1024),
  /** Deadline of one Redis command, after which a read goes to the loader. Default 250 ms. */
  commandTimeoutMs: wholeMs.default(250),
  /** How long one loader may hold a key; a later fill is refused. Default 10,000 ms. */
  leaseMs: wholeMs.default(10_000),
  /** How long to wait for another process's load before loading as well. Default 1,000 ms. */
  leaseWaitMs: wholeMs.default(1_000),
  /** Deadline of one loader: its callers then get a LoadTimeoutError. Default 30,000 ms. */
  loadTimeoutMs: wholeMs.default(30_000),
  /** Loads at once while both levels are in use. Default 100. */
  maxLoads: z.int().min(1).default(100),
  /** Loads at once while Redis is away, or its messages can't be heard. Default 16. */
  maxLoadsWhileAway: z.int().min(1).default(16),
  /** Loads that may wait for their turn; one more is a LoadLimitError. Default 1,000. */
  maxQueuedLoads: z.int().min(1).default(1_000),
  /** Invalidations remembered while Redis is away; beyond it whole namespaces are flushed on return. Default 10,000. */
  maxPendingInvalidations: z.int().min(1).default(10_000),
  /** How long start-up waits for Redis before it goes on without. Default 1,000 ms. */
  startupWaitMs: wholeMs.default(1_000),
  /** Where metrics are registered. Default: prom-client's own default register. */
  registry: z
    .custom<Registry>(
      (registry) => typeof (registry as Registry | undefined)?.registerMetric === 'function',
      'must be a Registry of prom-client',
    )
    .optional(),
  /** Run every WarmupSource of the application, behind its start. Default false. */
  warmUpAtStart: z.boolean().default(false),
});

export type CacheModuleOptions = z.input<typeof cacheOptionsSchema>;

export interface ResolvedCacheOptions extends Omit<z.output<typeof cacheOptionsSchema>, 'namespaces'> {
  readonly namespaces: Readonly<Record<string, CachePolicy>>;
}

/**
 * Fills in defaults.
 * @throws ConfigurationError naming every option that cannot work, and what is allowed.
 */
export function resolveCacheOptions(given: CacheModuleOptions): ResolvedCacheOptions {
  const options = parseOptions('CacheModule', cacheOptionsSchema, given, ['isGlobal']);
  const namespaces = Object.entries(options.namespaces).map(
    ([name, policy]) => [name, makePolicy(policy, options.l1MaxTtlMs)] as const,
  );
  return { ...options, namespaces: Object.fromEntries(namespaces) };
}
