import type { RecordableHistogram } from 'node:perf_hooks';
import { z } from 'zod';

const latencies = z.object({
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
});
const summary = z.object({
  calls: z.int(),
  perSecond: z.number(),
  errors: z.int(),
  /** Of all calls, errors too, from the moment that each was due. */
  ms: latencies,
});
const route = summary.extend({ statuses: z.record(z.string(), z.int()) });

/** A run as its file has it. */
export const loadResultSchema = z.object({
  version: z.literal(1),
  startedAt: z.iso.datetime(),
  url: z.string(),
  mix: z.string(),
  /** Asked for. */
  perSecond: z.number(),
  seconds: z.number(),
  /** How late calls were sent, at the worst: over a few ms, the generator itself was short of CPU. */
  lateMs: z.number(),
  all: summary,
  routes: z.record(z.string(), route),
  timeline: z.array(z.object({ second: z.int(), calls: z.int(), errors: z.int(), ms: latencies })),
  /** From an order's 201 until it was seen confirmed or rejected, of a sample of the orders. */
  settled: z.object({ orders: z.int(), unsettled: z.int(), ms: latencies }).optional(),
});

export type LoadResult = z.output<typeof loadResultSchema>;
export type RouteResult = z.output<typeof route>;
export type Latencies = z.output<typeof latencies>;

const QUANTILES = { p50: 50, p90: 90, p99: 99, p999: 99.9 } as const;

/** In milliseconds, of a histogram in µs. */
export function percentiles(histogram: RecordableHistogram | undefined): Latencies {
  const ms = (micros: number) => Math.round(micros / 10) / 100;
  const of = (quantile: number) => (histogram?.count ? ms(histogram.percentile(quantile)) : 0);
  const { p50, p90, p99, p999 } = QUANTILES;
  return {
    p50: of(p50),
    p90: of(p90),
    p99: of(p99),
    p999: of(p999),
    max: histogram?.count ? ms(histogram.max) : 0,
  };
}
