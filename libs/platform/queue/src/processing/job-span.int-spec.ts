import { eventually, topology } from '@fourfold-tools/testing';
import { recordSpans } from '@fourfold-tools/testing/spans';
import { switchTracing } from '@fourfold/observability/tracing';
import type { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { handles } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

const [TRACE, SENDER] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const traceWith = (flags: string) => JSON.stringify({ traceparent: `00-${TRACE}-${SENDER}-${flags}` });

let spans: InMemorySpanExporter;
let app: QueueApp;
let attempts: number[];

beforeEach(async () => {
  spans = recordSpans();
  switchTracing(true);
  attempts = [];
  const handler = handles(letters, (_payload, { attempt }) => {
    attempts.push(attempt);
    if (attempt < 3) throw new Error('no luck');
  });
  app = await QueueApp.start(topology().redisQueue.url, [handler]);
});
afterEach(async () => {
  switchTracing(false);
  await app.close();
});

it('the first delivery is below what sent the job, later ones have traces of their own with a link', async () => {
  await app.publish({ ...message(1), trace: traceWith('01') });
  await eventually(() => spans.getFinishedSpans().length === 3);
  const [first, ...later] = spans.getFinishedSpans();
  expect(first!.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: SENDER });
  expect(first!.attributes).toMatchObject({ 'job.attempt': 1, 'error.type': 'Error' });
  for (const [index, span] of later.entries()) {
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.links).toMatchObject([{ context: { traceId: TRACE, spanId: SENDER } }]);
    expect(span.attributes['job.attempt']).toBe(index + 2);
  }
});

it('a delivery that spent no attempt counts as one: what comes after it is linked', async () => {
  attempts = [];
  await app.queue().pause();
  await app.publish({ ...message(2), trace: traceWith('01') });
  // As a worker leaves it that hands its job back.
  await app.queue().client.hset(app.queue().toKey('ob-2'), 'delivered', '1');
  await app.queue().resume();
  await eventually(() => spans.getFinishedSpans().length === 3);
  for (const { links } of spans.getFinishedSpans()) expect(links).toHaveLength(1);
});

it.each([
  ['no trace', undefined],
  ['a trace that is not recorded', traceWith('00')],
  ['what is no trace', 'nonsense'],
])('a job with %s is done, and not recorded', async (_title, trace) => {
  await app.publish({ ...message(3), trace });
  await eventually(() => attempts.length === 3);
  await eventually(async () => (await app.queue().getJobCounts()).active === 0);
  expect(spans.getFinishedSpans()).toEqual([]);
});
