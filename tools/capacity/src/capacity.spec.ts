import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { capacityFor, type Load } from './capacity.js';
import { costs, type Costs, machine, type Machine } from './costs.js';

const no = { orderApi: 0, worker: 0, primary: 0, replicas: 0, shards: 0, redisCache: 0, redisQueue: 0 };
/** Round figures: an order costs each part 1 ms, a read by the database 1 ms of order-api, primary and replicas. */
const round: Costs = {
  cpuMs: {
    order: {
      ...no,
      orderApi: 1,
      worker: 1,
      primary: 1,
      shards: 1,
      redisCache: 1,
      redisQueue: 1,
      replicaApply: 1,
    },
    memoryRead: { ...no, orderApi: 0.1 },
    redisRead: { ...no, orderApi: 0.2, redisCache: 0.1 },
    databaseRead: { ...no, orderApi: 1, primary: 1, replicas: 1 },
  },
  bytes: {
    order: 1_000,
    outbox: 100,
    inbox: 100,
    binaryLog: 100,
    shards: 100,
    cachedOrder: 1_000,
    waitingJob: 1_000,
  },
  keptDays: { outbox: 3, inbox: 30, binaryLog: 7 },
};
const small: Machine = {
  targetLoad: 0.5,
  databaseCores: 4,
  maxConnections: 100,
  poolSize: 10,
  redisGb: 1,
  redisShareOfHits: 0.5,
  averageShare: 1,
  cachedSeconds: 100,
  backlogSeconds: 100,
  jobsPerOrder: 4,
};

function need(part: string, load: Partial<Load>) {
  const needs = capacityFor({ orders: 0, reads: 0, hitRatio: 1, days: 365, ...load }, round, small);
  return needs.find((one) => one.part === part)!;
}

describe('what a load needs', () => {
  it.each<[string, Partial<Load>, number, boolean]>([
    ['order-api', {}, 2, false],
    ['order-api', { orders: 1_000 }, 2, false],
    ['order-api', { orders: 1_001 }, 3, false],
    // Half of the hits cost 0.1 ms, half 0.2.
    ['order-api', { reads: 10_000 }, 3, false],
    ['order-api', { reads: 1_000, hitRatio: 0 }, 2, false],
    ['order-api', { reads: 2_000, hitRatio: 0 }, 4, false],
    ['worker', { orders: 5_000 }, 10, false],
    ['primary', { orders: 2_000 }, 1, false],
    ['primary', { orders: 1_500, reads: 600, hitRatio: 0 }, 1, true],
    ['replicas', { orders: 500 }, 2, false],
    ['replicas', { orders: 501 }, 2, true],
    ['replicas', { reads: 4_000, hitRatio: 0 }, 2, false],
    ['replicas', { reads: 4_001, hitRatio: 0 }, 3, false],
    ['shards', { orders: 8_000 }, 4, false],
    ['shards', { orders: 8_001 }, 5, false],
    ['cache Redis', { orders: 250, reads: 5_000 }, 1, false],
    ['cache Redis', { orders: 251, reads: 5_000 }, 2, true],
    ['queue Redis', { orders: 501 }, 2, true],
    ['connections to the primary', { orders: 2_500 }, 100, false],
    ['connections to the primary', { orders: 2_501 }, 120, true],
    ['memory of the cache Redis', { orders: 10_000 }, 1, false],
    ['memory of the cache Redis', { orders: 11_000 }, 1.1, true],
    ['memory of the queue Redis', { orders: 2_500 }, 1, false],
    ['memory of the queue Redis', { orders: 3_000 }, 1.2, true],
    // A day of 1,000 orders a second is 86.4 million: 1,000 bytes for a day, 3,000 + 300 + 700 for what passes.
    ['storage of the primary and each replica', { orders: 1_000, days: 1 }, 430, false],
    ['storage of the primary and each replica', { orders: 1_000, days: 365 }, 32_000, true],
    ['storage of all shards', { orders: 1_000, days: 10 }, 86, false],
  ])('%s for %j: %d, past one: %s', (part, load, count, past) => {
    const found = need(part, load);
    expect([found.count, found.beyond !== undefined]).toEqual([count, past]);
    expect(found.because).not.toContain('NaN');
  });

  it('grows with the load in every part, by the figures that were measured', () => {
    const of = (factor: number) =>
      capacityFor({ orders: 200 * factor, reads: 5_000 * factor, hitRatio: 0.95, days: 365 }, costs, machine);
    const [once, tenfold, hundredfold] = [of(1), of(10), of(100)];
    for (const [index, { part, count }] of once.entries()) {
      expect.soft(tenfold[index]!.count, part).toBeGreaterThanOrEqual(count);
      expect.soft(hundredfold[index]!.count, part).toBeGreaterThanOrEqual(tenfold[index]!.count);
    }
    const past = (needs: typeof once) => needs.filter(({ beyond }) => beyond).map(({ part }) => part);
    expect(past(hundredfold)).toContain('primary');
    expect(past(hundredfold).length).toBeGreaterThan(past(once).length);
  });
});

describe('docs/capacity.md', () => {
  const page = readFileSync(new URL('../../../docs/capacity.md', import.meta.url), 'utf8');
  const factors = [1, 10, 100];
  const needs = factors.map((factor) =>
    capacityFor({ orders: 200 * factor, reads: 5_000 * factor, hitRatio: 0.95, days: 365 }, costs, machine),
  );
  /** The first number of each column of a row: in TB where the page says so. */
  const figures = (row: string) => {
    const [, ...cells] = page
      .split('\n')
      .find((line) => line.startsWith(`| ${row}`))!
      .split('|')
      .slice(1, -1);
    return cells.map((cell) => {
      const [, number, unit] = /([\d,.]+)\*{0,2} ?(TB)?/.exec(cell)!;
      return Number(number!.replaceAll(',', '')) * (unit ? 1_000 : 1);
    });
  };
  const counts = (part: string) => needs.map((each) => each.find((one) => one.part === part)!.count);

  it.each([
    ['order-api, pods', 'order-api'],
    ['worker, pods', 'worker'],
    ['connections to the primary', 'connections to the primary'],
    ['shards of 16 cores', 'shards'],
    ['cache Redis, nodes', 'cache Redis'],
    ['queue Redis, nodes', 'queue Redis'],
    ['memory of the cache Redis', 'memory of the cache Redis'],
    ['memory of the queue Redis', 'memory of the queue Redis'],
    ['storage of the primary and each replica', 'storage of the primary and each replica'],
    ['storage of all shards', 'storage of all shards'],
  ])('has what the command says: %s', (row, part) => {
    expect(figures(row)).toEqual(counts(part));
  });
});
