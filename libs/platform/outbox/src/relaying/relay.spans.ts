import { type Context, context, type Span, SpanKind } from '@opentelemetry/api';
import { beginDelivery, carriedFrom, failSpan, tracedBatch } from '@fourfold/observability/tracing';

/** What a row says of its message's trace. */
export interface TracedRow {
  readonly id: string;
  readonly msg_id: string;
  /** Claims before this one. */
  readonly attempts: number;
  readonly trace_context: string | null;
}

const NOT_TAKEN = Object.assign(new Error('The queue did not take it'), { code: 'not-taken' });

/**
 * The spans of one batch on its way to a queue: one for each message, in the trace of what wrote it, or linked to that
 * when it is offered again. What the relay does for all of them is in the trace of a message that is the only one, else
 * in one of its own, linked with theirs.
 */
export class RelaySpans {
  private readonly begun = new Map<string, { span: Span; below: Context }>();

  constructor(queue: string, rows: readonly TracedRow[]) {
    for (const { id, msg_id: messageId, attempts, trace_context: carried } of rows) {
      const attributes = { 'messaging.destination.name': queue, 'messaging.message.id': messageId };
      const delivery = { carried, isFirst: attempts === 0 };
      const begun = beginDelivery(`relay ${queue}`, delivery, { kind: SpanKind.PRODUCER, attributes });
      if (begun) this.begun.set(id, begun);
    }
  }

  /** What a message takes with it from here. */
  carriedBy(id: string): string | undefined {
    const begun = this.begun.get(id);
    return begun && carriedFrom(begun.below);
  }

  async around(publish: () => Promise<ReadonlySet<string>>): Promise<void> {
    let confirmed: ReadonlySet<string> = new Set();
    try {
      confirmed = await this.run(publish);
    } finally {
      for (const [id, { span }] of this.begun) {
        if (!confirmed.has(id)) failSpan(span, NOT_TAKEN);
        span.end();
      }
    }
  }

  private run<T>(work: () => Promise<T>): Promise<T> {
    const recorded = [...this.begun.values()].filter(({ span }) => span.isRecording());
    const [first, ...others] = recorded;
    if (!first) return work();
    if (others.length === 0) return context.with(first.below, work);
    const messages = recorded.map(({ span }) => span.spanContext());
    return tracedBatch('relay batch', messages, {}, (batch) => {
      for (const { span } of recorded) span.addLink({ context: batch.spanContext() });
      return work();
    });
  }
}
