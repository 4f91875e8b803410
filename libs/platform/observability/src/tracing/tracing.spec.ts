import { recordSpans } from '@fourfold-tools/testing/spans';
import { propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import type { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  carriedTrace,
  delivered,
  isRecorded,
  logFieldsOfTrace,
  switchTracing,
  traced,
  tracedBatch,
} from './tracing.js';

const [TRACE, SENDER] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const carriedWith = (flags: string) => JSON.stringify({ traceparent: `00-${TRACE}-${SENDER}-${flags}` });
const sampled = carriedWith('01');
const first = { carried: sampled, isFirst: true };
const nothing = () => Promise.resolve();

let spans: InMemorySpanExporter;
beforeEach(() => {
  spans = recordSpans();
  switchTracing(true);
});
afterEach(() => switchTracing(false));

const ended = () => spans.getFinishedSpans();
const named = (name: string) => ended().find((span) => span.name === name)!;

describe('a span', () => {
  it('is below the one that is running, and the result is that of the work', async () => {
    const result = await delivered('job', first, {}, () => traced('step', {}, async () => 'done'));
    expect(result).toBe('done');
    expect(named('step').parentSpanContext?.spanId).toBe(named('job').spanContext().spanId);
    expect(named('job').parentSpanContext).toMatchObject({ traceId: TRACE, spanId: SENDER });
  });

  it('is not made where none is running: background work begins no trace', async () => {
    expect(await traced('poll', {}, async () => isRecorded())).toBe(false);
    expect(ended()).toEqual([]);
  });

  it('is not made while tracing is off, and the SDK is not even asked', async () => {
    const tracer = vi.spyOn(trace, 'getActiveSpan');
    switchTracing(false);
    expect(
      await delivered('job', first, {}, () => traced('step', {}, async () => carriedTrace())),
    ).toBeUndefined();
    expect(tracer).not.toHaveBeenCalled();
    expect(ended()).toEqual([]);
  });

  it('has the code of what was thrown, and nothing of its text', async () => {
    const error = Object.assign(new Error("Duplicate entry 'ada@example.com'"), { code: 'ER_DUP_ENTRY' });
    await expect(delivered('job', first, {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(named('job')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'ER_DUP_ENTRY' },
      events: [],
    });
    expect(JSON.stringify(named('job').attributes)).not.toContain('ada@');
  });
});

describe('a delivery', () => {
  it('that is a later one has a trace of its own, linked with what sent it', async () => {
    await delivered('job', { carried: sampled, isFirst: false }, {}, nothing);
    expect(named('job').parentSpanContext).toBeUndefined();
    expect(named('job').spanContext().traceId).not.toBe(TRACE);
    expect(named('job').links).toMatchObject([{ context: { traceId: TRACE, spanId: SENDER } }]);
  });

  it('of what was not recorded is not recorded, but knows its trace', async () => {
    const seen = await delivered('job', { carried: carriedWith('00'), isFirst: true }, {}, async () => ({
      log: logFieldsOfTrace(),
      isRecorded: isRecorded(),
      carried: carriedTrace(),
    }));
    expect(ended()).toEqual([]);
    expect(seen).toMatchObject({ log: { traceId: TRACE }, isRecorded: false });
    const further = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, JSON.parse(seen.carried!)));
    expect(further).toMatchObject({ traceId: TRACE, traceFlags: 0 });
  });

  it.each([
    ['nothing', undefined],
    ['null, as of an older writer', null],
    ['no JSON', 'not JSON'],
    ['JSON that is no headers', '7'],
    ['another header', '{"x":"y"}'],
    ['a malformed traceparent', '{"traceparent":"00-00-00-01"}'],
  ])('that carries %s runs as it is', async (_title, carried) => {
    expect(await delivered('job', { carried, isFirst: true }, {}, async () => 'done')).toBe('done');
    expect(ended()).toEqual([]);
  });

  it('carries on what it was given', async () => {
    const carried = await delivered('job', first, {}, async () => carriedTrace());
    await delivered('next', { carried, isFirst: true }, {}, nothing);
    expect(named('next').parentSpanContext?.spanId).toBe(named('job').spanContext().spanId);
  });
});

it('a batch has a trace of its own, linked with each of those that it is for', async () => {
  const one = await delivered('one', first, {}, async (span) => span!.spanContext());
  await tracedBatch('batch', [one], {}, nothing);
  expect(named('batch').parentSpanContext).toBeUndefined();
  expect(named('batch').links).toMatchObject([{ context: { spanId: one.spanId } }]);
});
