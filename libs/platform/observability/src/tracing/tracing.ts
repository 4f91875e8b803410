import {
  type Attributes,
  context,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';

/**
 * Whether this process makes spans. Everything here looks at it first, and does nothing else while it is off: on the
 * hottest paths callers look at it themselves, before they make what a span is described by.
 */
export let tracingOn = false;

const tracer = trace.getTracer('fourfold');

/** For the SDK, once it can take spans: see `startTracing`. */
export function switchTracing(on: boolean): void {
  tracingOn = on;
}

/** Whether a span that begins here and now would be kept: below one that is, since only requests and messages begin a trace. */
export function isRecorded(): boolean {
  return tracingOn && trace.getActiveSpan()?.isRecording() === true;
}

/**
 * Runs `work` in a span below the running one, and as it is where nothing is recorded. Attributes and names go to other
 * systems: no values of rows, no addresses.
 */
export function traced<T>(name: string, options: SpanOptions, work: (span?: Span) => Promise<T>): Promise<T> {
  return isRecorded() ? runIn(tracer.startSpan(name, options), context.active(), work) : work();
}

/** For code with callbacks: the caller ends the span. Below the running one where it says nothing else. */
export function beginSpan(name: string, options: SpanOptions, above?: Context): Span {
  return tracer.startSpan(name, options, above);
}

/** Adds to the running span what it is about, such as the id of an order. */
export function annotateSpan(attributes: Attributes): void {
  if (isRecorded()) trace.getActiveSpan()?.setAttributes(attributes);
}

/** Of an error a span has the code, or the class: texts of errors hold values of rows. */
export function failSpan(span: Span, error: unknown): void {
  // Anything may be thrown, also nothing.
  const { code, name } = Object(error) as { code?: string | number; name?: string };
  span.setAttribute('error.type', String(code ?? name ?? 'unknown'));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The running trace as W3C's headers, in JSON: to be sent with a message, sampled or not. */
export function carriedTrace(): string | undefined {
  return tracingOn && trace.getActiveSpan() ? carriedFrom(context.active()) : undefined;
}

export function carriedFrom(from: Context): string {
  const headers: Record<string, string> = {};
  propagation.inject(from, headers);
  return JSON.stringify(headers);
}

export interface Delivery {
  /** Of `carriedTrace`, from wherever it was kept meanwhile; what can't be read counts as absent. */
  readonly carried: string | null | undefined;
  /** Later ones, hours after, are traces of their own with a link: as children they would stretch the sender's. */
  readonly isFirst: boolean;
}

/** Runs `work` as a delivery of a message: recorded exactly if what sent the message was. */
export function delivered<T>(
  name: string,
  delivery: Delivery,
  options: SpanOptions,
  work: (span?: Span) => Promise<T>,
): Promise<T> {
  const begun = beginDelivery(name, delivery, options);
  return begun ? runIn(begun.span, begun.below, work) : work();
}

/** @returns `undefined` when the message carries no trace; else a span, which the caller ends, and the context below it */
export function beginDelivery(
  name: string,
  { carried, isFirst }: Delivery,
  options: SpanOptions,
): { span: Span; below: Context } | undefined {
  const sender = tracingOn && carried ? senderOf(carried) : undefined;
  const sent = sender && trace.getSpanContext(sender);
  if (!sent) return undefined;
  const span = isFirst
    ? tracer.startSpan(name, options, sender)
    : tracer.startSpan(
        name,
        { ...options, links: [{ context: sent }, ...(options.links ?? [])] },
        ROOT_CONTEXT,
      );
  return { span, below: trace.setSpan(ROOT_CONTEXT, span) };
}

/** A trace of its own for what belongs to several others: recorded if one of them is. */
export function tracedBatch<T>(
  name: string,
  of: readonly SpanContext[],
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const links = of.map((linked) => ({ context: linked }));
  return runIn(tracer.startSpan(name, { ...options, links }, ROOT_CONTEXT), ROOT_CONTEXT, work);
}

/** Whether what sent the message was recorded. */
export function carriesRecorded(carried: string): boolean {
  const sender = senderOf(carried);
  const flags = sender && trace.getSpanContext(sender)?.traceFlags;
  return flags !== undefined && (flags & TraceFlags.SAMPLED) !== 0;
}

/** For each line of a log. */
export function logFieldsOfTrace(): { traceId?: string; spanId?: string } {
  const running = trace.getActiveSpan()?.spanContext();
  return running ? { traceId: running.traceId, spanId: running.spanId } : {};
}

function senderOf(carried: string): Context | undefined {
  try {
    return propagation.extract(ROOT_CONTEXT, JSON.parse(carried) as Record<string, string>);
  } catch {
    return undefined;
  }
}

function runIn<T>(span: Span, above: Context, work: (span: Span) => Promise<T>): Promise<T> {
  return context.with(trace.setSpan(above, span), async () => {
    try {
      return await work(span);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}
