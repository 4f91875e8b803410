import { z } from 'zod';

const count = z.int().min(0);
const ratio = z.number().min(0).max(1).nullable();

const namespace = z.object({
  l1Hits: count,
  l1Misses: count,
  l2Hits: count,
  l2Misses: count,
  loads: count,
  loadErrors: count,
  joins: count.describe('Callers that got the outcome of a load already under way'),
  refusedFills: count.describe('Fills overtaken by an invalidate'),
  refreshes: count,
  staleServed: count,
  oversize: count,
  deferredInvalidations: count,
  hitRatio: ratio,
  l1HitRatio: ratio,
  l2HitRatio: ratio,
});

const source = z.object({
  outcome: z.enum(['complete', 'failed', 'aborted']),
  loaded: count,
  present: count,
  failed: count,
  tookMs: z.number(),
  error: z.string().optional(),
});

/** The cache as the process that answers sees it. */
export const cache = z.object({
  namespaces: z.record(z.string(), namespace),
  l1: z.object({
    bytes: count,
    maxBytes: count,
    entries: count,
    evictions: count,
    state: z.enum(['suspended', 'serving', 'alone']),
  }),
  l2: z.object({
    state: z.enum(['away', 'recovering', 'trusted']),
    pendingInvalidations: count,
    errors: count,
    memory: z
      .object({
        usedBytes: count,
        maxBytes: count.describe('0: no limit'),
        evictedKeys: count,
        keys: count,
      })
      .nullable(),
  }),
  warmUp: z.object({
    running: z.boolean(),
    last: z
      .object({ startedAt: z.iso.datetime(), tookMs: z.number(), sources: z.record(z.string(), source) })
      .nullable(),
  }),
});

export const warmUp = z.object({ status: z.enum(['started', 'running']) });

export const invalidation = z.object({
  deferred: z.boolean().describe('Redis could not be told yet'),
});
