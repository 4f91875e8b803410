import { SpanKind } from '@opentelemetry/api';
import { carriesRecorded, delivered, tracingOn } from '@fourfold/observability/tracing';
import type { Job } from 'bull';
import { isFirstDelivery } from '../bull/job-moves.js';
import type { JobData } from '../job-data.js';

/** The trace of what sent the job, where it has one and this process records spans. */
export function traceOf(job: Job<JobData>): string | undefined {
  if (!tracingOn) return undefined;
  const { trace } = (job.data as Partial<JobData> | undefined) ?? {};
  return typeof trace === 'string' ? trace : undefined;
}

/** Runs one delivery of a job in a span: in the trace of what sent it the first time, linked to it later. */
export async function inJobSpan<T>(
  job: Job<JobData>,
  queue: string,
  carried: string,
  work: () => Promise<T>,
): Promise<T> {
  // A Redis that fails is reported by the moves of the job; the span then has a trace of its own.
  const isFirst = !carriesRecorded(carried) || (await isFirstDelivery(job).catch(() => false));
  const attributes = {
    'messaging.destination.name': queue,
    'messaging.message.id': String(job.data.messageId),
    'job.attempt': job.attemptsMade + 1,
  };
  return delivered(`job ${queue}`, { carried, isFirst }, { kind: SpanKind.CONSUMER, attributes }, work);
}
