import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { followingSampler } from './following.sampler.js';
import { WatchedExporter } from './watched.exporter.js';

export interface SdkOptions {
  service: string;
  url: string;
  headers: Record<string, string>;
  /** How long a collector may take for one batch. */
  timeoutMs: number;
  /** Of the traces that begin here, how many are kept: 0 to 1. */
  ratio: number;
}

/** What waits for a collector that is away takes a few megabytes; what is more is dropped. */
const QUEUE = { maxQueueSize: 2_048, maxExportBatchSize: 512, scheduledDelayMillis: 500 };

/**
 * The one module that loads OpenTelemetry's SDK. Everything is given to it: it reads no environment.
 * @returns what sends the rest and ends it
 */
export function startSdk({ service, url, headers, timeoutMs, ratio }: SdkOptions): () => Promise<void> {
  const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: timeoutMs, concurrencyLimit: 4 });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: followingSampler(ratio),
    spanProcessors: [
      new BatchSpanProcessor({
        ...QUEUE,
        exporter: new WatchedExporter(exporter, url),
        exportTimeoutMillis: timeoutMs,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}
