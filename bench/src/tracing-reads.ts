import type { BenchOptions } from './bench-options.js';
import type { Builds } from './hookless.build.js';
import { type Contender, measure } from './measure.js';
import { inBatches } from './product.js';
import { TracedApi } from './traced.api.js';
import type { ApiServers } from './tracing-servers.js';

/** Requests at once: enough to keep the process busy. */
const CLIENTS = 8;
/** Of each process before anything counts: its code is compiled by then. */
const WARM_UP = 3_000;

const WITHOUT_HOOKS = 'without hooks';
const OFF = 'off';
const ONE_PERCENT = '1% recorded';
const ALL = 'all recorded';
export const variants = [WITHOUT_HOOKS, OFF, ONE_PERCENT, ALL] as const;
export type Variant = (typeof variants)[number];

/** CPU of one read, in µs, in each turn. */
export type Turns = Record<Variant, number[]>;

/**
 * Launches order-api in each variant and has all of them answer one product from L1, in turns. Of the server alone: what
 * the client takes, and whatever else the machine does, would hide what is looked for.
 */
export async function measureReads(
  servers: ApiServers,
  builds: Builds,
  collectorUrl: string,
  options: BenchOptions,
): Promise<Turns> {
  const sampled = (share: number) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_TRACES_SAMPLER_ARG: String(share),
  });
  const apis: [Variant, TracedApi][] = [];
  const launch = async (variant: Variant, bundle: string, tracing: Record<string, string>) =>
    void apis.push([variant, await TracedApi.start(servers, bundle, tracing)]);
  try {
    await launch(WITHOUT_HOOKS, builds.hookless, {});
    await launch(OFF, builds.asIs, {});
    await launch(ONE_PERCENT, builds.asIs, sampled(0.01));
    await launch(ALL, builds.asIs, sampled(1));
    return await inTurns(apis, options);
  } finally {
    await Promise.all(apis.map(([, api]) => api.stop()));
  }
}

async function inTurns(apis: readonly [Variant, TracedApi][], options: BenchOptions): Promise<Turns> {
  const price = { amount: 450, currency: 'GBP' };
  const product = { sku: `BENCH-${performance.now()}`, name: 'Enamel mug', price, stock: 10 };
  const { id } = JSON.parse(await apis[0]![1].call('POST', '/v1/products', product)) as { id: string };
  const path = `/v1/products/${id}`;
  for (const [, api] of apis)
    await inBatches(Array.from({ length: WARM_UP }, String), () => api.call('GET', path));
  const turns = Object.fromEntries(variants.map((variant) => [variant, [] as number[]])) as Turns;
  const contenders = apis.map(([variant, api]): Contender => {
    let begun = { reads: 0, cpuMicros: 0 };
    return {
      name: variant,
      once: () => {
        begun.reads += 1;
        return api.call('GET', path);
      },
      before: async () => void (begun = { reads: 0, cpuMicros: api.cpuMicros }),
      after: async () => void turns[variant].push((api.cpuMicros - begun.cpuMicros) / begun.reads),
    };
  });
  await measure(contenders, { ...options, concurrency: CLIENTS });
  return turns;
}

/** Of all launches' turns the one that a tenth were quicker than: what other programs do only ever adds to a turn. */
export function undisturbedMicros(launches: readonly Turns[], variant: Variant): number {
  const sorted = launches.flatMap((turns) => turns[variant]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)] ?? Number.NaN;
}
