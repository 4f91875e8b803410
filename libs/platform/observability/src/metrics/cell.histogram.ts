import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';

export interface CellHistogramOptions<L extends string> {
  name: string;
  help: string;
  labelNames: readonly L[];
  /** Upper bounds, ascending. */
  buckets: readonly number[];
}

/** One label combination of a {@link CellHistogram}. */
export class HistogramCell {
  count = 0;
  sum = 0;
  /** By bucket; what is above the last one is in `count` alone. */
  readonly counts: number[];

  constructor(private readonly buckets: readonly number[]) {
    this.counts = buckets.map(() => 0);
  }

  observe(value: number): void {
    this.count += 1;
    this.sum += value;
    for (let i = 0; i < this.buckets.length; i += 1) {
      if (value > this.buckets[i]!) continue;
      this.counts[i]! += 1;
      return;
    }
  }
}

/**
 * A histogram for paths where `observe` is too dear (it validates and hashes its labels each time): the code that
 * measures keeps a cell of its label combination. Registered as any other metric of prom-client is.
 */
export class CellHistogram<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  private readonly cells = new Map<string, { labels: Record<L, string>; cell: HistogramCell }>();

  constructor(private readonly options: CellHistogramOptions<L>) {
    ({ name: this.name, help: this.help } = options);
  }

  /** The same object for the same labels: keep it. From then on its series is there, at 0. */
  cell(labels: Record<L, string>): HistogramCell {
    const key = JSON.stringify(this.options.labelNames.map((name) => labels[name]));
    let entry = this.cells.get(key);
    if (!entry) this.cells.set(key, (entry = { labels, cell: new HistogramCell(this.options.buckets) }));
    return entry.cell;
  }

  /** For prom-client. */
  async get(): Promise<Omit<MetricObjectWithValues<MetricValueWithName<string>>, 'collect'>> {
    const { name, help, type, aggregator } = this;
    const values = [...this.cells.values()].flatMap(({ labels, cell }) => this.valuesOf(labels, cell));
    return { name, help, type: type as never, aggregator, values };
  }

  reset(): void {
    this.cells.clear();
  }

  private valuesOf(labels: Record<L, string>, cell: HistogramCell): MetricValueWithName<string>[] {
    const { name } = this;
    let below = 0;
    const buckets = this.options.buckets.map((le, i) => {
      below += cell.counts[i]!;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: cell.count },
      { metricName: `${name}_sum`, labels, value: cell.sum },
      { metricName: `${name}_count`, labels, value: cell.count },
    ];
  }
}
