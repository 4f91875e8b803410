import { SpanKind } from '@opentelemetry/api';
import { carriesRecorded, delivered, tracingOn } from '@fourfold/observability/tracing';
import type { Job } from 'bull';
import type { JobData } from '../job-data.js';

/** Attempts alone do not tell: a job that was held, handed back or taken over as stalled has spent none. */
const NOTE_DELIVERY = `
  if redis.call('HEXISTS', KEYS[1], 'data') == 0 then return 0 end
  return redis.call('HSETNX', KEYS[1], 'delivered', 1)
`;

/** Runs one delivery of a job in a span: in the trace of what sent it the first time, linked to it later. */
export async function inJobSpan<T>(job: Job<JobData>, queue: string, work: () => Promise<T>): Promise<T> {
  const carried = tracingOn ? (job.data as Partial<JobData> | undefined)?.trace : undefined;
  if (typeof carried !== 'string') return work();
  const isFirst = !carriesRecorded(carried) || (await isFirstDelivery(job));
  const attributes = {
    'messaging.destination.name': queue,
    'messaging.message.id': String(job.data.messageId),
    'job.attempt': job.attemptsMade + 1,
  };
  return delivered(`job ${queue}`, { carried, isFirst }, { kind: SpanKind.CONSUMER, attributes }, work);
}

async function isFirstDelivery({ queue, id }: Job): Promise<boolean> {
  try {
    return (await queue.client.eval(NOTE_DELIVERY, 1, queue.toKey(String(id)))) === 1;
  } catch {
    return false; // it shows a trace of its own; what Redis has is told by those who need it
  }
}
