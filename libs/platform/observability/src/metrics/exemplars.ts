/** A recorded request, to be looked at beside the bucket that it fell into. */
interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Seconds since 1970. */
  readonly at: number;
}

/**
 * Of each bucket of a histogram, the last value that has a trace which is recorded. As bounded as the histogram's series.
 * A counterpart to prom-client's own exemplars, which every scraper would have to take (docs/decisions/0034-exemplars.md).
 */
export class Exemplars {
  private readonly last = new Map<string, Exemplar>();

  /**
   * @param histogram its name
   * @param labelNames in whose order a series is told from another
   * @param buckets upper bounds, ascending
   */
  constructor(
    private readonly histogram: string,
    private readonly labelNames: readonly string[],
    private readonly buckets: readonly number[],
  ) {}

  note(labels: Readonly<Record<string, string>>, value: number, traceId: string): void {
    const le = this.buckets.find((bound) => value <= bound) ?? '+Inf';
    const key = this.labelNames.map((name) => labels[name]).join(' ');
    this.last.set(`${key} ${le}`, { traceId, value, at: Date.now() / 1_000 });
  }

  /** As OpenMetrics writes it behind the sample of a bucket; empty where there is none. @param labels as the sample has them */
  behind(name: string, labels: string): string {
    if (this.last.size === 0 || name !== `${this.histogram}_bucket`) return '';
    const given = new Map(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label!, value!]),
    );
    const exemplar = this.last.get([...this.labelNames, 'le'].map((label) => given.get(label)).join(' '));
    return exemplar ? ` # {trace_id="${exemplar.traceId}"} ${exemplar.value} ${exemplar.at}` : '';
  }
}
