import { Logger } from '@nestjs/common';
import { TraceReceiver } from '@fourfold-tools/traces';
import type { BenchOptions } from './bench-options.js';
import { buildTwice } from './hookless.build.js';
import { verdict } from './report.js';
import { measureL1Hit } from './tracing-l1-hit.js';
import { measureReads, microsOf, timesOf, type Turns, type Variant, variants } from './tracing-reads.js';
import type { ApiServers } from './tracing-servers.js';

const MOST_OFF = 1.02;
const MOST_AT_ONE_PERCENT = 1.1;
/** Two processes of the same code differ by some per cent, each for as long as it lives. */
const LAUNCHES = 24;

/** What a hot read costs with tracing off, at 1% and whole, beside the same code without a hook. */
export async function benchTracing(servers: ApiServers, options: BenchOptions): Promise<boolean> {
  Logger.overrideLogger(['error', 'fatal']);
  const { report } = options;
  const holds = (what: string, times: number, most: number): boolean => {
    report(`${what}: ${times.toFixed(3)} times (bound: at most ${most}) ${verdict(times <= most)}`);
    return times <= most;
  };
  const l1 = holds('an L1 hit, off beside without hooks', await measureL1Hit(servers, options), MOST_OFF);

  const launches = await launchAll(servers, { ...options, rounds: Math.ceil(options.rounds / LAUNCHES) });
  report(`\nGET /v1/products/:id answered from L1: CPU of order-api for one, median of ${LAUNCHES} launches`);
  for (const variant of variants)
    report(`  ${variant.padEnd(16)}${microsOf(launches, variant).toFixed(1)} µs`);
  const times = (of: Variant, beside: Variant) => timesOf(launches, of, beside);
  const off = holds('a read, off beside without hooks', times('off', 'without hooks'), MOST_OFF);
  const few = holds('a read, 1% recorded beside off', times('1% recorded', 'off'), MOST_AT_ONE_PERCENT);
  report(
    `a read, all recorded beside off: ${times('all recorded', 'off').toFixed(3)} times (for information)`,
  );
  return l1 && off && few;
}

async function launchAll(servers: ApiServers, options: BenchOptions): Promise<Turns[]> {
  const builds = await buildTwice(servers.repoRoot, 'order-api', 'apps/order-api/src/main.ts');
  const receiver = await TraceReceiver.start();
  const launches: Turns[] = [];
  try {
    for (let launch = 1; launch <= LAUNCHES; launch += 1) {
      options.report(`launch ${launch} of ${LAUNCHES}`);
      launches.push(await measureReads(servers, builds, receiver.url, { ...options, launch }));
    }
  } finally {
    await receiver.close();
  }
  return launches;
}
