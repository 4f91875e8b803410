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
  { launch, ...options }: BenchOptions & { launch: number },
): Promise<Turns> {
  const sampled = (share: number) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_TRACES_SAMPLER_ARG: String(share),
  });
  const choices: [Variant, string, Record<string, string>][] = [
    [WITHOUT_HOOKS, builds.hookless, {}],
    [OFF, builds.asIs, {}],
    [ONE_PERCENT, builds.asIs, sampled(0.01)],
    [ALL, builds.asIs, sampled(1)],
  ];
  const apis: [Variant, TracedApi][] = [];
  try {
    // Each is the first as often as the others.
    for (let at = 0; at < choices.length; at += 1) {
      const [variant, bundle, tracing] = choices[(at + launch) % choices.length]!;
      apis.push([variant, await TracedApi.start(servers, bundle, tracing)]);
    }
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

/** What other programs do only ever adds to a turn: of one launch the least. */
const least = (turns: Turns, variant: Variant) => Math.min(...turns[variant]);

const median = (figures: readonly number[]) =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;

/** CPU of one read, in µs: the median of all launches. */
export function microsOf(launches: readonly Turns[], variant: Variant): number {
  return median(launches.map((turns) => least(turns, variant)));
}

/** The median of the ratios of all launches: two processes of one launch had the same machine. */
export function timesOf(launches: readonly Turns[], of: Variant, beside: Variant): number {
  return median(launches.map((turns) => least(turns, of) / least(turns, beside)));
}
