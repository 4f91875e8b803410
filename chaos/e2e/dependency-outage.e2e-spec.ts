import { fullRun } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dependencies, type Dependency, DependencyOutage } from './dependency.outage.js';

const QUICK_MS = 4_000;
/** About as long as four attempts last: with them alone, jobs of the outage are dead at its end. */
const SHORT_MS = 6_000;
const LONG_MS = 60_000;
/** What an outage may cost beyond what the same load takes to settle without one. */
const ALLOWANCE_MS = 5_000;

/** On a busy machine. Jobs that are not held but dead settle by their redelivery, 45 s and more after the return. */
const MOST_MS = 30_000;

const outages = fullRun
  ? [SHORT_MS, LONG_MS].flatMap((ms) => dependencies.map((dependency) => [dependency, ms] as const))
  : [['mail', QUICK_MS] as const];

let outage: DependencyOutage;
/** How long the load of a short outage takes to settle when nothing is away. */
let withoutMs = Infinity;

beforeAll(async () => {
  outage = await DependencyOutage.start();
  if (fullRun) ({ settledAfterMs: withoutMs } = await outage.run('none', SHORT_MS));
});
afterAll(() => outage?.stop());

async function run(dependency: Dependency, outageMs: number) {
  const report = await outage.run(dependency, outageMs);
  console.log(`${dependency} away for ${outageMs} ms: ${JSON.stringify(report)}, without ${withoutMs} ms`);
  return report;
}

describe('a dependency that is away under load', () => {
  it.each(outages)('%s, for %i ms, kills no job, and all is settled after its return', async (...one) => {
    const report = await run(...one);
    expect(report).toMatchObject({ deadLetters: 0, incomplete: 0 });
    // Those that fail while it comes back may find it there when they ask.
    expect(report.failedAttempts).toBeLessThan(report.accepted / 10);
    expect(report.settledAfterMs).toBeLessThan(fullRun ? withoutMs + ALLOWANCE_MS : MOST_MS);
  });
});
