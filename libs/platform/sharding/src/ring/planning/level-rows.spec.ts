import { repetitions, seeded } from '@fourfold-tools/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashRing } from '../hash-ring.js';
import { SLOT_COUNT } from '../slot.js';
import { evenTopology } from '../topology.js';
import { rowsIn } from './ring-plan.js';

const ring = new HashRing(evenTopology(['a', 'b', 'c', 'd']));
const counts = (of: (slot: number) => number) => Array.from({ length: SLOT_COUNT }, (_, slot) => of(slot));

describe('a rebalance by rows', () => {
  it('moves nothing where rows are even', () => {
    const { moves, report } = ring.plan({ kind: 'rebalance', rowsBySlot: counts(() => 100) });
    expect(moves).toEqual([]);
    expect(report).toMatchObject({ slotsMoved: 0, shareMoved: 0, balanceBefore: 1, balanceAfter: 1 });
  });

  it('has nothing to do in an empty ring', () => {
    const { moves, report } = ring.plan({ kind: 'rebalance', rowsBySlot: counts(() => 0) });
    expect(moves).toEqual([]);
    expect(report).toMatchObject({ balanceBefore: null, balanceAfter: null, shareMoved: 0 });
  });

  it('evens out a shard with twice the rows, by no more than its surplus', () => {
    const rowsBySlot = counts((slot) => (ring.ownerOf(slot) === 'b' ? 200 : 100));
    const { moves, report, topology } = ring.plan({ kind: 'rebalance', rowsBySlot });
    expect(report.balanceBefore).toBeCloseTo(2);
    expect(report.balanceAfter).toBeLessThanOrEqual(1.01);
    expect(new Set(moves.map(({ donor }) => donor))).toEqual(new Set(['b']));
    // The surplus is 2/5 − 1/4 of all rows.
    expect(report.shareMoved).toBeLessThanOrEqual(0.15);
    expect(topology.epoch).toBe(2);
  });

  it('cannot split a slot that is fuller than a shard should be, and leaves it where it is', () => {
    const rowsBySlot = counts((slot) => (slot === 0 ? 1_000_000 : 1));
    const { report, topology } = ring.plan({ kind: 'rebalance', rowsBySlot });
    expect(new HashRing(topology).ownerOf(0)).toBe('a');
    expect(report.balanceAfter).toBeGreaterThan(100);
    // All but the 150 that every shard keeps have gone to others.
    expect(report.shards[0]).toMatchObject({ shard: 'a', slotsAfter: 150, rowsAfter: 1_000_149 });
  });

  it('levels the others where one can give nothing more', () => {
    const rowsBySlot = counts(
      (slot) => ({ a: slot === 0 ? 1_000_000 : 0, b: 100, c: 3, d: 3 })[ring.ownerOf(slot)]!,
    );
    const { report } = ring.plan({ kind: 'rebalance', rowsBySlot });
    const [b, c, d] = report.shards.slice(1).map(({ rowsAfter }) => rowsAfter!);
    expect(Math.max(b!, c!, d!) / Math.min(b!, c!, d!)).toBeLessThanOrEqual(1.01);
  });

  it('of any skew gets evener, never moves a slot twice, and moves no more than the surplus', () => {
    const skews = fc.record({
      seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
      power: fc.double({ min: 0.5, max: 6, noNaN: true }),
    });
    const weights = fc.array(fc.constantFrom(0.5, 1, 2), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(skews, weights, ({ seed, power }, byShard) => {
        const random = seeded(seed);
        const rowsBySlot = counts(() => Math.floor(random() ** power * 1_000));
        const topology = evenTopology(['a', 'b', 'c', 'd']);
        topology.shards.forEach((shard, index) => (shard.weight = byShard[index]!));
        const { report } = new HashRing(topology).plan({ kind: 'rebalance', rowsBySlot });
        expect(report.balanceAfter).toBeLessThanOrEqual(1.01);
        const all = report.shards.reduce((sum, { rowsBefore }) => sum + rowsBefore!, 0);
        const weight = byShard.reduce((a, b) => a + b, 0);
        const surplus = report.shards.reduce(
          (sum, { rowsBefore, weightAfter }) => sum + Math.max(0, rowsBefore! - (all * weightAfter) / weight),
          0,
        );
        expect(report.shareMoved * all).toBeLessThanOrEqual(surplus + 1e-6);
      }),
      { numRuns: repetitions({ quick: 10, full: 30 }) },
    );
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, '9'])('refuses a limit of %s rows', (maxRows) => {
    const plan = () =>
      ring.plan({ kind: 'rebalance', rowsBySlot: counts(() => 1), maxRows: maxRows as number });
    expect(plan).toThrow(/maxRows: must be/);
  });

  it('with a limit moves no more rows than that, and says what is left out', () => {
    const rowsBySlot = counts((slot) => (ring.ownerOf(slot) === 'b' ? 200 : 100));
    const whole = ring.plan({ kind: 'rebalance', rowsBySlot });
    const moved = rowsIn(whole.moves, rowsBySlot);
    const capped = ring.plan({ kind: 'rebalance', rowsBySlot, maxRows: 50_000 });
    expect(rowsIn(capped.moves, rowsBySlot)).toBe(50_000);
    expect(capped.report.balanceAfter).toBeLessThan(capped.report.balanceBefore!);
    expect(capped.leftOut).toEqual({ rows: moved - 50_000, balanceAfter: whole.report.balanceAfter });
    expect(ring.plan({ kind: 'rebalance', rowsBySlot, maxRows: moved }).moves).toEqual(whole.moves);
    expect(ring.plan({ kind: 'rebalance', rowsBySlot, maxRows: moved }).leftOut).toBeUndefined();
    const tooFew = ring.plan({ kind: 'rebalance', rowsBySlot, maxRows: 199 });
    expect(tooFew).toMatchObject({ moves: [], leftOut: { rows: moved } });
  });

  it('done in parts comes to the same evenness', () => {
    const random = seeded(7);
    const rowsBySlot = counts(() => Math.floor(random() ** 4 * 1_000));
    let topology = evenTopology(['a', 'b', 'c', 'd']);
    rowsBySlot.fill(500, 0, 2_000);
    for (let part = 0, left = true; left; part += 1) {
      expect(part).toBeLessThan(100);
      const plan = new HashRing(topology).plan({ kind: 'rebalance', rowsBySlot, maxRows: 150_000 });
      expect(rowsIn(plan.moves, rowsBySlot)).toBeLessThanOrEqual(150_000);
      ({ topology } = plan);
      left = plan.leftOut !== undefined;
      if (!left) expect(plan.report.balanceAfter).toBeLessThanOrEqual(1.05);
    }
  });

  it('names the slots that are fuller than any shard should be, with their share of all rows', () => {
    const rowsBySlot = counts((slot) => ({ 7: 100_000, 16_383: 60_000, 9: 40_000 })[slot] ?? 1);
    const { overfull } = ring.plan({ kind: 'rebalance', rowsBySlot });
    const all = rowsBySlot.reduce((a, b) => a + b, 0);
    expect(overfull).toEqual([
      { slot: 7, shard: 'a', rows: 100_000, share: 100_000 / all },
      { slot: 16_383, shard: 'd', rows: 60_000, share: 60_000 / all },
    ]);
    // A shard of twice the weight has room for it.
    const weighed = evenTopology(['a', 'b']);
    weighed.shards[1]!.weight = 4;
    const one = counts((slot) => (slot === 7 ? 60 : slot < 100 ? 1 : 0));
    expect(new HashRing(weighed).plan({ kind: 'rebalance', rowsBySlot: one }).overfull).toEqual([]);
  });
});
