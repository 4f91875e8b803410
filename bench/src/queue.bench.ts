import type { BenchOptions } from './bench-options.js';
import type { BenchQueueServers } from './bench-servers.js';
import { median } from './measure.js';
import { bareBull, ours } from './queue-job-cost.js';
import { measureRelayLag } from './relay-lag.js';
import { verdict } from './report.js';

/** Of one turn, in one batch on either side: ten times what a relay gives its publisher at once. */
const JOBS = 2_000;
const MOST_JOB_RATIO = 1.3;
const LAG_PACE = { perSecond: 300, forMs: 20_000 };
const MOST_LAG_P99_MS = 100;

/**
 * What a job costs beside a bare Bull job, and how long a message waits between its commit and Bull. Resolves with
 * whether both bounds hold.
 */
export async function benchQueue(servers: BenchQueueServers, options: BenchOptions): Promise<boolean> {
  const { databaseUrl, redisUrl } = servers;
  const ratio = await jobCost(redisUrl, options);
  const lag = await measureRelayLag(databaseUrl, redisUrl, LAG_PACE);
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  options.report(
    `${lag.messages} messages at ${LAG_PACE.perSecond} transactions/s: p50 ${ms(lag.p50Ms)}, worst ${ms(lag.worstMs)}`,
  );
  const checks: [string, boolean][] = [
    [`a job / a bare Bull job: ${ratio.toFixed(3)} (bound: ${MOST_JOB_RATIO})`, ratio <= MOST_JOB_RATIO],
    [
      `p99 from commit to Bull: ${ms(lag.p99Ms)} (bound: ${MOST_LAG_P99_MS} ms)`,
      lag.p99Ms <= MOST_LAG_P99_MS,
    ],
  ];
  for (const [line, holds] of checks) options.report(`${line} ${verdict(holds)}`);
  return checks.every(([, holds]) => holds);
}

/** Turn about, after one that does not count: the median of the turns' ratios. */
async function jobCost(redisUrl: string, { rounds, report }: BenchOptions): Promise<number> {
  const [bull, fourfold] = [await bareBull(redisUrl), await ours(redisUrl)];
  try {
    const ratios: number[] = [];
    const times: Record<string, number[]> = { [bull.name]: [], [fourfold.name]: [] };
    for (let round = 0; round <= rounds; round += 1) {
      const turn = new Map<string, number>();
      // Who comes second finds warmer caches: they take turns at it.
      for (const side of round % 2 === 0 ? [bull, fourfold] : [fourfold, bull])
        turn.set(side.name, await side.drain(JOBS));
      if (round === 0) continue;
      for (const [name, tookMs] of turn) times[name]!.push((tookMs / JOBS) * 1_000);
      ratios.push(turn.get(fourfold.name)! / turn.get(bull.name)!);
    }
    for (const [name, micros] of Object.entries(times))
      report(
        `  ${name.padEnd(12)} ${median(micros).toFixed(0)} µs a job (median of ${rounds} turns of ${JOBS})`,
      );
    return median(ratios);
  } finally {
    await bull.close();
    await fourfold.close();
  }
}
