import { RedisServerFixture, repetitions } from '@fourfold-tools/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CacheModuleOptions } from '../cache.options.js';
import { CacheTrio } from '../testing/interleaving/cache-trio.js';
import { HistoryRun } from '../testing/interleaving/history-run.js';
import { everyStep, histories, type Step, unbroken } from '../testing/interleaving/steps.js';
import { naiveMembers, ourMembers } from '../testing/interleaving/trio-members.js';

const HISTORIES = repetitions({ quick: 240, full: 10_000 });
const SEED = 20_130_402;
const NAIVE_HISTORIES = 500;
const TIME_LIMIT_MS = 600_000;
/** Of the herald, who only says markers. */
const NAMESPACES = { stock: { ttlMs: 300_000 } };

/** Side by side: while one waits for a connection, the others go on. */
const trios: Partial<CacheModuleOptions>[] = [
  ...Array.from({ length: 12 }, () => ({ leaseWaitMs: 1 })),
  // Both keys owed at once are one too many: everything is flushed.
  ...Array.from({ length: 6 }, () => ({ leaseWaitMs: 1, maxPendingInvalidations: 1 })),
  // Leases that end while their holders load, and waiters that outlast them.
  ...Array.from({ length: 6 }, () => ({ leaseMs: 5, leaseWaitMs: 25 })),
];

let server: RedisServerFixture;
const opened: CacheTrio[] = [];

beforeAll(async () => {
  server = await RedisServerFixture.start();
});
afterAll(async () => {
  for (const trio of opened) trio.close();
  await server.dispose();
});

function playedOn(trio: CacheTrio, steps: fc.Arbitrary<Step[]>): fc.IAsyncProperty<[Step[]]> {
  opened.push(trio);
  return fc.asyncProperty(steps, (history) => new HistoryRun(trio).play(history));
}

describe('three processes that read, write, invalidate and lose their connections in any order', () => {
  it(
    `never serve what an invalidate has ended, in ${HISTORIES} histories, and agree on the latest version at the end`,
    { timeout: TIME_LIMIT_MS },
    async () => {
      const numRuns = Math.ceil(HISTORIES / trios.length);
      const outcomes = await Promise.all(
        trios.map(async (options, i) => {
          // Half of them with a TTL so short that only the script reads; the other half look without one first.
          const namespaces = { ...NAMESPACES, user: { ttlMs: i % 2 === 0 ? 20_000 : 3_600_000 } };
          const trio = await CacheTrio.open(server, ourMembers({ ...options, namespaces }));
          return fc.check(playedOn(trio, histories(everyStep)), {
            numRuns,
            seed: SEED + i,
            includeErrorInReport: true,
          });
        }),
      );
      const reports = outcomes
        .filter(({ failed }) => failed)
        .map((outcome) => fc.defaultReportMessage(outcome));
      expect(reports.join('\n\n')).toBe('');
      expect(outcomes.reduce((sum, outcome) => sum + outcome.numRuns, 0)).toBeGreaterThanOrEqual(HISTORIES);
    },
  );

  it.each([
    ['get, load, set and delete in Redis', false],
    ['the same with a map in each process', true],
  ])('naive twin, %s: is caught soon, without a fault', async (_what, hasL1) => {
    const trio = await CacheTrio.open(server, naiveMembers(hasL1));
    const property = playedOn(trio, histories(unbroken));
    const outcome = await fc.check(property, {
      numRuns: NAIVE_HISTORIES,
      seed: SEED,
      includeErrorInReport: true,
    });
    expect(outcome.failed).toBe(true);
    expect(fc.defaultReportMessage(outcome)).toMatch(/seed: 20130402[\s\S]*stale: version/);
  });
});
