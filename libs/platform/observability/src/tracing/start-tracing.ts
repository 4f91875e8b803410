import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { withDeadline } from '@fourfold/kernel';
import { switchTracing } from './tracing.js';
import type { TracingVariables } from './tracing.env.js';

/** How long a stop waits for what is left to be taken: a collector that hangs is not waited for. */
const STOP_MS = 2_000;

let stop: (() => Promise<void>) | undefined;

/**
 * Has the process send spans where `OTEL_EXPORTER_OTLP_ENDPOINT` says, and does nothing without it: OpenTelemetry's SDK
 * is not even loaded. To be called before the application's modules are imported: their log looks once whether there
 * are traces.
 * @param env as `serviceEnv` has parsed it
 */
export async function startTracing(service: string, env: TracingVariables): Promise<void> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = env;
  if (endpoint === undefined) return;
  const { startSdk } = await import('./tracing.sdk.js');
  stop = startSdk({
    service,
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: env.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMs: env.OTEL_EXPORTER_OTLP_TIMEOUT,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
  });
  switchTracing(true);
}

/** Sends what has ended by now, within two seconds; what ends later is lost. Never rejects. */
export async function stopTracing(): Promise<void> {
  const stopping = stop?.();
  if (!stopping) return;
  stop = undefined;
  switchTracing(false);
  // What was not taken has been logged.
  await withDeadline(stopping, STOP_MS, () => new Error('the collector does not answer')).catch(() => {});
}

/** The last phase of a stop: requests are answered and jobs have ended by then, and their spans are sent. */
@Injectable()
export class TracingEnd implements OnApplicationShutdown {
  onApplicationShutdown(): Promise<void> {
    return stopTracing();
  }
}
