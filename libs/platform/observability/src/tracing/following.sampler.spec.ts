import { type Link, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { followingSampler } from './following.sampler.js';

const contextOf = (traceFlags: number) => ({
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  traceFlags,
  isRemote: true,
});
const [SAMPLED, NOT] = [contextOf(TraceFlags.SAMPLED), contextOf(TraceFlags.NONE)];
const linked = (...contexts: (typeof SAMPLED)[]): Link[] => contexts.map((context) => ({ context }));

it.each([
  ['a trace that begins', 1, undefined, [], true],
  ['a trace that begins where none is wanted', 0, undefined, [], false],
  ['below what is recorded', 0, SAMPLED, [], true],
  ['below what is not', 1, NOT, [], false],
  ['linked with what is recorded', 0, undefined, linked(SAMPLED), true],
  ['linked with what is not', 1, undefined, linked(NOT), false],
  ['linked with one that is recorded, among others', 0, undefined, linked(NOT, SAMPLED), true],
])('%s (share %i)', (_title, share, parent, links, isRecorded) => {
  const above = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  const result = followingSampler(share).shouldSample(
    above,
    '3'.repeat(32),
    'span',
    SpanKind.INTERNAL,
    {},
    links,
  );
  expect(result.decision === SamplingDecision.RECORD_AND_SAMPLED).toBe(isRecorded);
});
