import { counter, gauge, histogram, startAtZero } from '@fourfold/observability/metrics';
import { Logger } from '@nestjs/common';
import type { PoolStats } from './pool/pool.options.js';

export const SLOW_QUERY_MS = 1_000;
const LOGGED_SQL_LENGTH = 500;

/** Pools that are looked at when Prometheus asks, each of a server. */
export interface PoolSource {
  readonly pools: readonly { readonly node: string; readonly stats: PoolStats }[];
}

const sources = new Set<PoolSource>();

const nodeGauge = (name: string, help: string, read: (stats: PoolStats) => number) =>
  gauge({
    name,
    help,
    labelNames: ['node'],
    collect() {
      this.reset();
      for (const { pools } of sources) for (const { node, stats } of pools) this.inc({ node }, read(stats));
    },
  });

/** Of each server that this process has a pool for: primary, replicas, shards. */
export class NodeMetrics {
  private readonly logger = new Logger('SlowQuery');

  readonly slowQueries = counter({
    name: 'db_slow_queries_total',
    help: 'Queries that took more than 1 s',
    labelNames: ['node'],
  });

  readonly slowQuerySeconds = histogram({
    name: 'db_slow_query_seconds',
    help: 'How long queries of more than 1 s took',
    labelNames: ['node'],
    buckets: [1, 2, 5, 10, 30],
  });

  readonly poolUsed = nodeGauge(
    'db_pool_used_connections',
    'Connections handed out and not yet returned',
    ({ used }) => used,
  );

  readonly poolIdle = nodeGauge(
    'db_pool_idle_connections',
    'Open connections that no caller uses',
    ({ idle }) => idle,
  );

  readonly poolPending = nodeGauge(
    'db_pool_pending_requests',
    'Callers waiting for a connection',
    ({ pending }) => pending,
  );

  readonly poolSize = nodeGauge(
    'db_pool_size_connections',
    'Connections a pool may hold',
    ({ size }) => size,
  );

  watch(source: PoolSource): void {
    sources.add(source);
  }

  unwatch(source: PoolSource): void {
    sources.delete(source);
  }

  startAtZero(node: string): void {
    startAtZero(this.slowQueries, { node: [node] });
    startAtZero(this.slowQuerySeconds, { node: [node] });
  }

  /** Of every statement; the text of a slow one goes into the log, never into a label. Its parameters go nowhere. */
  answered(node: string, sql: string, durationMs: number): void {
    if (durationMs <= SLOW_QUERY_MS) return;
    this.slowQueries.inc({ node });
    this.slowQuerySeconds.observe({ node }, durationMs / 1_000);
    this.logger.warn(
      { node, durationMs: Math.round(durationMs), sql: shortened(sql) },
      `A query on ${node} took over 1 s`,
    );
  }
}

export function shortened(sql: string): string {
  return sql.length > LOGGED_SQL_LENGTH ? `${sql.slice(0, LOGGED_SQL_LENGTH)}…` : sql;
}
