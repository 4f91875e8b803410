import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** Of this process: a tracer that has found its provider keeps it. */
let spans: InMemorySpanExporter | undefined;

/** What ends from here on, in this process; it takes the switch of `@fourfold/observability/tracing` as well. */
export function recordSpans(): InMemorySpanExporter {
  if (!spans) {
    spans = new InMemorySpanExporter();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(
      new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
    );
  }
  spans.reset();
  return spans;
}
