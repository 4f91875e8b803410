import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apportion, nextToGain, nextToGive } from './apportionment.js';

const weights = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 40 });

/** One by one from nothing, as the rule is told. */
function oneByOne(total: number, of: readonly number[]): number[] {
  const shares = of.map((weight) => ({ weight, slots: 0 }));
  for (let given = 0; given < total; given++) nextToGain(shares).slots += 1;
  return shares.map(({ slots }) => slots);
}

describe('apportion', () => {
  it.each([
    [10, [1], [10]],
    [10, [1, 1], [5, 5]],
    [11, [1, 1], [6, 5]],
    [16_384, [1, 1, 1], [5_462, 5_461, 5_461]],
    // Webster's own kind of example: quotas 5.3, 2.7, 2.0 of ten.
    [10, [53, 27, 20], [5, 3, 2]],
    [100, [3, 1], [75, 25]],
  ])('shares %i by %j as %j', (total, by, expected) => {
    expect(apportion(total, by)).toEqual(expected);
  });

  it('gives what giving one by one gives, though it begins near the end', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 2_000 }), (by, total) => {
        expect(apportion(total, by)).toEqual(oneByOne(total, by));
      }),
    );
  });

  it('gives no shard more slots when another one comes', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 1_000 }), (by, newcomer) => {
        const before = apportion(16_384, by);
        const after = apportion(16_384, [...by, newcomer]);
        before.forEach((slots, index) => expect(after[index]!).toBeLessThanOrEqual(slots));
      }),
    );
  });

  it('naive twin: rounding quotas by largest remainder lets a bystander gain', () => {
    const byRemainder = (total: number, by: readonly number[]) => {
      const sum = by.reduce((a, b) => a + b, 0);
      const quotas = by.map((weight) => (total * weight) / sum);
      const slots = quotas.map(Math.floor);
      const order = quotas.map((_, index) => index).sort((a, b) => (quotas[b]! % 1) - (quotas[a]! % 1));
      const left = total - slots.reduce((a, b) => a + b, 0);
      for (const index of order.slice(0, left)) slots[index]! += 1;
      return slots;
    };
    // Oklahoma's way into the Congress of the United States, 1907: Maine gained a seat that New York lost.
    const found = fc.check(
      fc.property(weights, fc.integer({ min: 1, max: 1_000 }), (by, newcomer) => {
        const before = byRemainder(400, by);
        const after = byRemainder(400, [...by, newcomer]);
        return before.every((slots, index) => after[index]! <= slots);
      }),
      { numRuns: 10_000, seed: 1907 },
    );
    expect(found.failed).toBe(true);
  });
});

describe('nextToGive', () => {
  it('undoes what nextToGain did', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 500 }), (by, total) => {
        const shares = by.map((weight) => ({ weight, slots: 0 }));
        for (let given = 0; given < total; given++) nextToGain(shares).slots += 1;
        const gained = nextToGain(shares);
        const worth = gained.weight / (2 * gained.slots + 1);
        gained.slots += 1;
        // The same one, or one that got its last slot for just as much.
        const given = nextToGive(shares);
        expect(given.weight / (2 * given.slots - 1)).toBeCloseTo(worth, 12);
      }),
    );
  });
});
