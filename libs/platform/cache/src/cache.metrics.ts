import { startAtZero } from '@fourfold/observability/metrics';
import { Counter, Gauge, Histogram, type Metric, register, type Registry } from 'prom-client';
import type { InvalidationBus } from './invalidation/invalidation-bus.js';
import type { PubSubRefusals } from './invalidation/pubsub-refusals.js';
import type { L1Store } from './l1/l1.store.js';
import { L2MemoryGauges } from './l2/l2-memory.gauges.js';
import type { RedisL2Store } from './l2/redis-l2.store.js';
import type { Namespace, NamespaceCounts, Namespaces } from './namespace.js';

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
    new L2MemoryGauges(registry, () => [...this.sources].map(({ l2 }) => l2));
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

function defineSums(registry: Registry, sources: ReadonlySet<Source>): void {
  const perNamespace = (name: string, help: string, field: keyof NamespaceCounts): void =>
    counter(name, help, ['cache_namespace'], function* () {
      for (const [cache_namespace, counts] of countsOf(sources)) yield [{ cache_namespace }, counts[field]];
    });
  const inTotal = (name: string, help: string, read: (source: Source) => number): void =>
    counter(name, help, [], function* () {
      yield [{}, [...sources].reduce((sum, source) => sum + read(source), 0)];
    });
  const perLevel = (name: string, help: string, l1: keyof NamespaceCounts, l2: keyof NamespaceCounts): void =>
    counter(name, help, ['cache_namespace', 'level'], function* () {
      for (const [cache_namespace, counts] of countsOf(sources)) {
        yield [{ cache_namespace, level: 'l1' }, counts[l1]];
        yield [{ cache_namespace, level: 'l2' }, counts[l2]];
      }
    });
  const overall = (name: string, help: string, read: (source: Source) => number): void => {
    reuseOrMake(registry, name, () => {
      const collect = function (this: Gauge): void {
        this.set([...sources].reduce((sum, source) => sum + read(source), 0));
      };
      return new Gauge({ name, help, registers: [registry], collect });
    });
  };
  function counter(name: string, help: string, labelNames: string[], samples: () => Iterable<Sample>): void {
    reuseOrMake(registry, name, () => {
      const collect = function (this: Counter): void {
        this.reset();
        for (const [labels, value] of samples()) this.inc(labels, value);
      };
      return new Counter({ name, help, labelNames, registers: [registry], collect });
    });
  }

  perLevel('cache_hits_total', 'Values found, by level', 'l1Hits', 'l2Hits');
  perLevel('cache_misses_total', 'Values not found, by level', 'l1Misses', 'l2Misses');
  perNamespace('cache_loads_total', 'Keys asked of a loader', 'loads');
  perNamespace('cache_load_errors_total', 'Keys whose loader failed', 'loadErrors');
  perNamespace('cache_joins_total', 'Callers served by a load already under way', 'joins');
  perNamespace('cache_refused_fills_total', 'Fills overtaken by an invalidate', 'refusedFills');
  perNamespace('cache_refreshes_total', 'Keys loaded anew before their end', 'refreshes');
  perNamespace('cache_stale_served_total', 'Answers past their TTL', 'staleServed');
  perNamespace('cache_oversize_total', 'Values too large to be stored', 'oversize');
  perNamespace(
    'cache_deferred_invalidations_total',
    'Keys that Redis could not be told of',
    'deferredInvalidations',
  );
  overall(
    'cache_pending_invalidations',
    'Invalidations still owed to Redis',
    ({ l2 }) => l2.pendingInvalidations,
  );
  overall('cache_l1_bytes', 'Key, value and overhead in this process', ({ l1 }) => l1.bytes);
  overall('cache_l1_max_bytes', 'Bound of cache_l1_bytes', ({ l1 }) => l1.maxBytes);
  overall('cache_l1_entries', 'Entries in this process', ({ l1 }) => l1.size);
  overall('cache_l1_serving', '0 while invalidations cannot be heard', ({ l1 }) =>
    Number(l1.state === 'serving'),
  );
  overall('cache_l2_trusted', '0 while Redis is away or recovering', ({ l2 }) => Number(l2.trusted));
  inTotal('cache_l1_evictions_total', 'Entries pushed out for room', ({ l1 }) => l1.evictions);
  inTotal('cache_l2_errors_total', 'Redis commands that failed', ({ l2 }) => l2.errors);
  inTotal('cache_bus_messages_total', 'Invalidations heard of other processes', ({ bus }) => bus.received);
  inTotal(
    'cache_bus_refusals_total',
    'Attempts to subscribe or publish that Redis refused',
    ({ refusals }) => refusals.count,
  );
  inTotal('cache_bus_losses_total', 'Times that invalidations could not be heard', ({ bus }) => bus.losses);
}

function* countsOf(sources: ReadonlySet<Source>): Iterable<[name: string, counts: NamespaceCounts]> {
  for (const { namespaces } of sources) {
    for (const { name, counts } of namespaces.all()) yield [name, counts];
  }
}

/** A test or a second module may have registered the name already. */
export function reuseOrMake<M extends Metric>(
  registry: Registry,
  name: string,
  make: (name: string) => M,
): M {
  return (registry.getSingleMetric(name) as M | undefined) ?? make(name);
}
