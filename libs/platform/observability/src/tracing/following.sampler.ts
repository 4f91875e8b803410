import { type Link, TraceFlags } from '@opentelemetry/api';
import {
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

const isSampled = ({ context }: Link): boolean => (context.traceFlags & TraceFlags.SAMPLED) !== 0;

/**
 * What has a parent is recorded if that is. What has links alone, a later delivery or a batch, if one of those is. What
 * has neither begins a trace: `ratio` of them are recorded.
 */
export function followingSampler(ratio: number): Sampler {
  const share = new TraceIdRatioBasedSampler(ratio);
  const root: Sampler = {
    shouldSample: (...asked) => {
      const links = asked[5];
      if (links.length === 0) return share.shouldSample(asked[0], asked[1]);
      const { RECORD_AND_SAMPLED, NOT_RECORD } = SamplingDecision;
      return { decision: links.some(isSampled) ? RECORD_AND_SAMPLED : NOT_RECORD };
    },
    toString: () => `followed links, else ${share.toString()}`,
  };
  return new ParentBasedSampler({ root });
}
