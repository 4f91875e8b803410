import { describe, expect, it } from 'vitest';
import { type Contender, latencyRatio, measure, ratio, type Round } from './measure.js';

const LONG_MS = 60_000;

describe('measure', () => {
  it('prepares and puts away every turn, the uncounted first one too, in an order that reverses', async () => {
    const log: string[] = [];
    const contender = (name: string): Contender => ({
      name,
      mostPerTurn: 1,
      before: async () => void log.push(`${name} before`),
      once: async () => void log.push(name),
      after: async () => void log.push(`${name} after`),
    });
    await measure([contender('a'), contender('b')], { roundMs: LONG_MS, rounds: 1, concurrency: 1 });
    const [a, b] = ['a', 'b'].map((name) => [`${name} before`, name, `${name} after`]);
    expect(log).toEqual([a, b, b, a].flat());
  });

  it('ends a turn before it does more operations than it may, batches and concurrency included', async () => {
    let calls = 0;
    const once = async () => void (calls += 1);
    const contender = { name: 'a', once, batch: 1_000, mostPerTurn: 3_500 };
    const results = await measure([contender], { roundMs: LONG_MS, rounds: 1, concurrency: 2 });
    expect(calls).toBe(2 * 3);
    expect(results.get('a')?.[0]?.latenciesMs).toHaveLength(3);
  });

  it('lets the event loop turn between batches', async () => {
    const turnsDuring = async (batch: number) => {
      let turns = 0;
      let timer = setImmediate(function again() {
        turns += 1;
        timer = setImmediate(again);
      });
      const contender = { name: 'a', once: async () => {}, batch, mostPerTurn: 10 * batch };
      await measure([contender], { roundMs: LONG_MS, rounds: 1, concurrency: 1 });
      clearImmediate(timer);
      return turns;
    };
    expect(await turnsDuring(1)).toBe(0);
    expect(await turnsDuring(10)).toBeGreaterThanOrEqual(10);
  });
});

describe('ratios', () => {
  const round = (perSecond: number, ...latenciesMs: number[]): Round => ({
    perSecond,
    cpuMicros: 0,
    latenciesMs: Float64Array.from(latenciesMs),
  });

  it('are the median of what was reached in the same round', () => {
    const slow = [round(10, 3, 3, 90), round(1, 30, 30, 31), round(10, 3, 3, 3)];
    const fast = [round(20, 1, 1, 1), round(4, 15, 15, 15), round(30, 1, 1, 1)];
    expect(ratio(fast, slow)).toBe(3);
    expect(latencyRatio(slow, fast)).toBe(3);
  });
});
