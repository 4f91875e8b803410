import { startAtZero } from '@fourfold/observability/metrics';
import { Counter, Gauge, Histogram, type Metric, register, type Registry } from 'prom-client';
import type { InvalidationBus } from './invalidation/invalidation-bus.js';
import type { L1Store } from './l1/l1.store.js';
import { defineL2Memory } from './l2/l2-memory.gauges.js';
import type { PubSubRefusals } from './l2/pubsub-refusals.js';
import type { RedisL2Store } from './l2/redis-l2.store.js';
import type { LookCounts, Namespace, Namespaces } from './namespace.js';

interface Source {
  readonly namespaces: Namespaces;
  readonly l1: L1Store;
  readonly l2: RedisL2Store;
  readonly bus: InvalidationBus;
  readonly refusals: PubSubRefusals;
}

/** The caches that report to a register: counting costs an addition, and the sums are made when Prometheus scrapes. */
const sourcesByRegistry = new WeakMap<Registry, Set<Source>>();

type Labels = Record<string, string>;
type Sample = [labels: Labels, value: number];

/** What Prometheus sees. Any number of caches can share a register: their figures add up. */
export class CacheMetrics {
  private readonly sources: Set<Source>;
  private readonly loadSeconds: Histogram<'cache_namespace' | 'outcome'>;

  constructor(
    private readonly source: Source,
    registry: Registry = register,
  ) {
    const known = sourcesByRegistry.get(registry);
    this.sources = known ?? new Set();
    sourcesByRegistry.set(registry, this.sources);
    this.sources.add(source);
    this.loadSeconds = reuseOrMake(registry, 'cache_load_duration_seconds', (name) => {
      const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
      const help = 'Time a loader took, failed ones too';
      return new Histogram({
        name,
        help,
        labelNames: ['cache_namespace', 'outcome'],
        buckets,
        registers: [registry],
      });
    });
    startAtZero(this.loadSeconds, { cache_namespace: source.namespaces.names(), outcome: ['ok', 'error'] });
    defineSums(registry, this.sources);
    defineL2Memory(registry, () => [...this.sources].map(({ l2 }) => l2));
  }

  /** Call the answer when the load of `keys` things has ended. */
  loadStarted(namespace: Namespace, keys: number): (outcome: 'ok' | 'error') => void {
    namespace.counts.loads += keys;
    const stop = this.loadSeconds.startTimer({ cache_namespace: namespace.name });
    return (outcome) => {
      if (outcome === 'error') namespace.counts.loadErrors += keys;
      stop({ outcome });
    };
  }

  /** Takes this cache out of the sums. */
  close(): void {
    this.sources.delete(this.source);
  }
}

const PER_LEVEL: [name: string, help: string, l1: keyof LookCounts, l2: keyof LookCounts][] = [
  ['cache_hits_total', 'Values found, by level', 'l1Hits', 'l2Hits'],
  ['cache_misses_total', 'Values not found, by level', 'l1Misses', 'l2Misses'],
];
const PER_NAMESPACE: [name: string, help: string, read: (namespace: Namespace) => number][] = [
  ['cache_loads_total', 'Keys asked of a loader', ({ counts }) => counts.loads],
  ['cache_load_errors_total', 'Keys whose loader failed', ({ counts }) => counts.loadErrors],
  ['cache_joins_total', 'Callers served by a load already under way', ({ looks }) => looks.joins],
  ['cache_refused_fills_total', 'Fills overtaken by an invalidate', ({ counts }) => counts.refusedFills],
  ['cache_refreshes_total', 'Keys loaded anew before their end', ({ counts }) => counts.refreshes],
  ['cache_stale_served_total', 'Answers past their TTL', ({ counts }) => counts.staleServed],
  ['cache_oversize_total', 'Values too large to be stored', ({ counts }) => counts.oversize],
  [
    'cache_deferred_invalidations_total',
    'Keys that Redis could not be told of',
    ({ counts }) => counts.deferredInvalidations,
  ],
];
const IN_TOTAL: [name: string, help: string, read: (source: Source) => number][] = [
  ['cache_pending_invalidations', 'Invalidations still owed to Redis', ({ l2 }) => l2.pendingInvalidations],
  ['cache_l1_bytes', 'Key, value and overhead in this process', ({ l1 }) => l1.bytes],
  ['cache_l1_max_bytes', 'Bound of cache_l1_bytes', ({ l1 }) => l1.maxBytes],
  ['cache_l1_entries', 'Entries in this process', ({ l1 }) => l1.size],
  ['cache_l1_serving', '0 while invalidations cannot be heard', ({ l1 }) => Number(l1.state === 'serving')],
  ['cache_l2_trusted', '0 while Redis is away or recovering', ({ l2 }) => Number(l2.trusted)],
  ['cache_l1_evictions_total', 'Entries pushed out for room', ({ l1 }) => l1.evictions],
  ['cache_l2_errors_total', 'Redis commands that failed', ({ l2 }) => l2.errors],
  ['cache_bus_messages_total', 'Invalidations heard of other processes', ({ bus }) => bus.received],
  [
    'cache_bus_refusals_total',
    'Attempts to subscribe or publish that Redis refused',
    ({ refusals }) => refusals.count,
  ],
  ['cache_bus_losses_total', 'Times that invalidations could not be heard', ({ bus }) => bus.losses],
];

function defineSums(registry: Registry, sources: ReadonlySet<Source>): void {
  const namespaces = (): Namespace[] => [...sources].flatMap((source) => [...source.namespaces.all()]);
  const define = (name: string, help: string, labelNames: string[], samples: () => Sample[]): void => {
    const Kind = name.endsWith('_total') ? Counter : Gauge;
    const collect = function (this: Counter | Gauge): void {
      this.reset();
      for (const [labels, value] of samples()) this.inc(labels, value);
    };
    reuseOrMake(registry, name, () => new Kind({ name, help, labelNames, registers: [registry], collect }));
  };
  for (const [name, help, l1, l2] of PER_LEVEL)
    define(name, help, ['cache_namespace', 'level'], () =>
      namespaces().flatMap(({ name: cache_namespace, looks }) => [
        [{ cache_namespace, level: 'l1' }, looks[l1]],
        [{ cache_namespace, level: 'l2' }, looks[l2]],
      ]),
    );
  for (const [name, help, read] of PER_NAMESPACE)
    define(name, help, ['cache_namespace'], () =>
      namespaces().map((namespace) => [{ cache_namespace: namespace.name }, read(namespace)]),
    );
  for (const [name, help, read] of IN_TOTAL)
    define(name, help, [], () => [[{}, [...sources].reduce((sum, source) => sum + read(source), 0)]]);
}

/** A test or a second module may have registered the name already. */
export function reuseOrMake<M extends Metric>(
  registry: Registry,
  name: string,
  make: (name: string) => M,
): M {
  return (registry.getSingleMetric(name) as M | undefined) ?? make(name);
}
