import {
  Counter,
  Gauge,
  Histogram,
  register,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
  type Metric,
} from 'prom-client';
import { CellCounter } from './cell.counter.js';
import { CellHistogram, type CellHistogramOptions } from './cell.histogram.js';

export type { CellCounter, CounterCell } from './cell.counter.js';
export type { CellHistogram, HistogramCell } from './cell.histogram.js';

/**
 * Metrics of a library that may be instantiated more than once in a process (two apps in one test, say): the second
 * registration gets the first one's metric instead of an error.
 */
function registered<M extends Metric>(name: string, create: () => M): M {
  return (register.getSingleMetric(name) as M | undefined) ?? create();
}

export function counter<L extends string>(options: CounterConfiguration<L>): Counter<L> {
  return registered(options.name, () => new Counter(options));
}

export function gauge<L extends string>(options: GaugeConfiguration<L>): Gauge<L> {
  return registered(options.name, () => new Gauge(options));
}

/** @param fromStart labels whose series are there, with zeros, before their first value: else `increase` misses that one */
export function histogram<L extends string>(
  options: HistogramConfiguration<L>,
  fromStart: readonly Record<L, string>[] = [],
): Histogram<L> {
  return registered(options.name, () => {
    const created = new Histogram(options);
    for (const labels of fromStart) created.zero(labels);
    return created;
  });
}

/** Histograms forget what they have when a series is set to zero again, and a second instance of a library does so. */
const started = new WeakMap<object, Set<string>>();

/**
 * Gives every combination of the labels' values its series, at 0, where the values are known later than the metric: one
 * that began with its first event would hide it, since an increase needs a value before.
 */
export function startAtZero<L extends string>(
  metric: Counter<L> | Histogram<L>,
  values: Readonly<Record<L, readonly string[]>>,
): void {
  let combinations: Partial<Record<L, string>>[] = [{}];
  for (const label of Object.keys(values) as L[])
    combinations = combinations.flatMap((labels) =>
      values[label].map((value) => ({ ...labels, [label]: value })),
    );
  if (metric instanceof Counter) for (const labels of combinations) metric.inc(labels, 0);
  else for (const labels of combinations) zeroOnce(metric, labels);
}

function zeroOnce<L extends string>(metric: Histogram<L>, labels: Partial<Record<L, string>>): void {
  const known = started.get(metric) ?? new Set();
  started.set(metric, known);
  const key = JSON.stringify(labels);
  if (!known.has(key)) metric.zero(labels);
  known.add(key);
}

/** For a path where {@link counter} is too dear. */
export function cellCounter<L extends string>(
  options: Omit<CounterConfiguration<L>, 'collect'>,
): CellCounter<L> {
  return registered(options.name, () => new CellCounter(options));
}

/** For a path where {@link histogram} is too dear. */
export function cellHistogram<L extends string>(options: CellHistogramOptions<L>): CellHistogram<L> {
  const known = register.getSingleMetric(options.name) as unknown as CellHistogram<L> | undefined;
  if (known) return known;
  const created = new CellHistogram(options);
  register.registerMetric(created as unknown as Metric);
  return created;
}
