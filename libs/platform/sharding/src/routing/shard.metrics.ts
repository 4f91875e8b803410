import { counter, gauge, histogram, startAtZero } from '@fourfold/observability/metrics';
import { QueryFailedError } from 'typeorm';
import { breakerStates, type BreakerState } from './shard.breaker.js';
import { shardFaults, ShardUnavailableError } from './shard-unavailable.error.js';

const queryScopes = ['single', 'multi', 'scatter'] as const;

/** `single`: one shard by key. `multi`: keys on several shards. `scatter`: all shards. */
export type QueryScope = (typeof queryScopes)[number];

/** What is looked at when Prometheus asks, of each registry in this process. */
export interface BreakerSource {
  readonly names: readonly string[];
  breakerOf(shard: string): BreakerState | undefined;
}

const sources = new Set<BreakerSource>();

/** Of what callers ask for; probes, estimates and upkeep would hide how long those wait. */
export class ShardMetrics {
  /** The share of cross-shard queries is (multi + scatter) / all. */
  readonly queries = counter({
    name: 'shard_queries_total',
    help: 'Queries to sharded tables, by how many shards each needs',
    labelNames: ['scope'],
  });

  readonly seconds = histogram({
    name: 'shard_query_seconds',
    help: 'How long a read or write of one shard took, the wait for a connection included',
    labelNames: ['shard'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });

  readonly errors = counter({
    name: 'shard_errors_total',
    help: 'Reads and writes of one shard that failed there: connection, late, busy, breaker, unknown, statement',
    labelNames: ['shard', 'kind'],
  });

  readonly breakerState = gauge({
    name: 'shard_breaker_state',
    help: '1 for the state that the breaker of a shard is in, 0 for the others',
    labelNames: ['shard', 'state'],
    collect() {
      this.reset();
      for (const source of sources)
        for (const shard of source.names)
          for (const state of breakerStates)
            this.set({ shard, state }, source.breakerOf(shard) === state ? 1 : 0);
    },
  });

  constructor() {
    startAtZero(this.queries, { scope: queryScopes });
  }

  /** Times `call`, and counts how it fails. What was never sent has no time. */
  async measure<T>(shard: string, call: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    let kind: string | undefined;
    try {
      return await call();
    } catch (error) {
      kind = kindOf(error);
      if (kind !== undefined) this.errors.inc({ shard, kind });
      throw error;
    } finally {
      if (kind !== 'breaker' && kind !== 'unknown')
        this.seconds.observe({ shard }, (performance.now() - startedMs) / 1_000);
    }
  }

  startAtZero(shard: string): void {
    startAtZero(this.seconds, { shard: [shard] });
    startAtZero(this.errors, { shard: [shard], kind: [...shardFaults, 'statement'] });
  }

  watch(source: BreakerSource): void {
    sources.add(source);
  }

  unwatch(source: BreakerSource): void {
    sources.delete(source);
  }
}

/** @returns undefined for an error of the caller's own. */
function kindOf(error: unknown): string | undefined {
  if (error instanceof ShardUnavailableError) return error.fault;
  return error instanceof QueryFailedError ? 'statement' : undefined;
}
