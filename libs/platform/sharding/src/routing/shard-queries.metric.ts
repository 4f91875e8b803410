import { Counter, register, type Registry } from 'prom-client';

/** `single`: one shard by key. `multi`: keys on several shards. `scatter`: all shards. */
export type QueryScope = 'single' | 'multi' | 'scatter';

const NAME = 'shard_queries_total';

/** The share of cross-shard queries is (multi + scatter) / all. One counter a registry, however often it is asked for. */
export function shardQueriesCounter(registry: Registry = register): Counter<'scope'> {
  const existing = registry.getSingleMetric(NAME) as Counter<'scope'> | undefined;
  return (
    existing ??
    new Counter({
      name: NAME,
      help: 'Queries to sharded tables, by how many shards each needs',
      labelNames: ['scope'],
      registers: [registry],
    })
  );
}
