import type { SpanRecord } from './otlp.request.js';

export interface StoredTrace {
  readonly traceId: string;
  readonly spans: SpanRecord[];
  /** Beyond what is kept of one trace. */
  leftOut: number;
}

const MOST_TRACES = 200;
const MOST_SPANS = 1_000;

/** The last traces, in memory. */
export class TraceStore {
  private readonly traces = new Map<string, StoredTrace>();

  add(spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      const trace = this.traces.get(span.traceId) ?? this.begin(span.traceId);
      if (trace.spans.length < MOST_SPANS) trace.spans.push(span);
      else trace.leftOut += 1;
    }
  }

  get(traceId: string): StoredTrace | undefined {
    return this.traces.get(traceId);
  }

  /** Newest first. @param text only those with it in a name, an attribute or the id */
  all(text = ''): StoredTrace[] {
    const wanted = text.trim();
    const has = ({ name, attributes }: SpanRecord) =>
      [name, ...Object.values(attributes)].some((value) => value.includes(wanted));
    return [...this.traces.values()]
      .filter(({ traceId, spans }) => traceId === wanted || spans.some(has))
      .reverse();
  }

  private begin(traceId: string): StoredTrace {
    const trace = { traceId, spans: [], leftOut: 0 };
    this.traces.set(traceId, trace);
    const [oldest] = this.traces.keys();
    if (this.traces.size > MOST_TRACES) this.traces.delete(oldest!);
    return trace;
  }
}
