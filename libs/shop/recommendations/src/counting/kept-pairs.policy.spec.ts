import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptPairsModel } from '../testing/kept-pairs.model.js';
import { leastOf } from './kept-pairs.policy.js';

const KEPT = 4;
const MOST = 8;

describe('the pairs of a product that are forgotten', () => {
  it('are those that fewest orders may have had, and what they may have had is remembered', () => {
    const pairs = [
      { otherId: '1', orders: 5, missed: 0 },
      { otherId: '2', orders: 1, missed: 3 },
      { otherId: '3', orders: 2, missed: 0 },
      { otherId: '4', orders: 3, missed: 0 },
    ];
    const { forgotten, mostMissed } = leastOf(pairs, 2);
    expect(forgotten.map(({ otherId }) => otherId)).toEqual(['4', '3']);
    expect(mostMissed).toBe(3);
  });

  it('of as many orders, are those of which less is certain', () => {
    const pairs = [
      { otherId: '1', orders: 1, missed: 3 },
      { otherId: '2', orders: 4, missed: 0 },
    ];
    expect(leastOf(pairs, 1).forgotten).toEqual([pairs[0]]);
  });

  it('are none where there are not too many', () => {
    expect(leastOf([{ otherId: '1', orders: 1, missed: 0 }], 1)).toEqual({ forgotten: [], mostMissed: 0 });
  });
});

describe('whatever is bought together in whatever order', () => {
  const others = fc.array(fc.nat({ max: 30 }).map(String), { maxLength: 400 });

  it('no product has more pairs than it may, none says more than there was, and what it may lack is said', () => {
    fc.assert(
      fc.property(others, (sequence) => {
        const model = new KeptPairsModel(KEPT, MOST);
        for (const other of sequence) model.add(other);
        const truth = new Map(
          Array.from(
            Map.groupBy(sequence, (id) => id),
            ([id, times]) => [id, times.length],
          ),
        );
        const kept = new Map(model.all().map((pair) => [pair.otherId, pair]));
        expect(kept.size).toBeLessThanOrEqual(MOST);
        for (const [id, times] of truth) {
          const pair = kept.get(id);
          if (pair) {
            expect(pair.orders).toBeLessThanOrEqual(times);
            expect(pair.orders + pair.missed).toBeGreaterThanOrEqual(times);
          } else expect(model.mostMissed).toBeGreaterThanOrEqual(times);
          // The bound of Misra and Gries.
          if (times > sequence.length / KEPT) expect(pair).toBeDefined();
        }
        expect(model.mostMissed * KEPT).toBeLessThanOrEqual(sequence.length);
      }),
    );
  });

  it('naive twin: without what was missed, the one bought most is lost among those that come once', () => {
    // Each stays for a while; the one that is bought again and again comes back too late each time.
    const forgetful = new Map<string, number>();
    const remembering = new KeptPairsModel(1, 2);
    let often = 0;
    for (let at = 0; at < 30; at += 1) {
      const other = at % 3 === 0 ? 'often' : `once-${at}`;
      if (other === 'often') often += 1;
      forgetful.set(other, (forgetful.get(other) ?? 0) + 1);
      // Keeps the newest of those that were bought as often.
      if (forgetful.size > 2)
        forgetful.delete([...forgetful].reduce((least, one) => (one[1] < least[1] ? one : least))[0]);
      remembering.add(other);
    }
    const { mostMissed } = remembering;
    const pair = remembering.all().find(({ otherId }) => otherId === 'often');
    expect(forgetful.get('often') ?? 0).toBeLessThan(often);
    expect(pair ? pair.orders + pair.missed : mostMissed).toBeGreaterThanOrEqual(often);
  });
});
