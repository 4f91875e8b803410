import { describe, expect, it } from 'vitest';
import { affinityOf, type Neighbour, rank } from './neighbour.policy.js';

const neighbour = (
  productId: string,
  together: number,
  orders: number,
  ordersOfOther: number,
): Neighbour => ({
  productId,
  together,
  orders,
  ordersOfOther,
});
const all = { except: new Set<string>(), most: 10 };

describe('how much two products go together', () => {
  it.each<[together: number, orders: number, ofOther: number, affinity: number]>([
    [20, 20, 20, 0.8],
    [20, 80, 20, 0.4],
    [1, 1, 1, 1 / 6],
    [5, 5, 5, 0.5],
  ])('%i orders of both, %i and %i of each: %f', (together, orders, ordersOfOther, affinity) => {
    expect(affinityOf({ together, orders, ordersOfOther })).toBeCloseTo(affinity, 10);
  });

  it('is the same both ways', () => {
    expect(affinityOf({ together: 3, orders: 7, ordersOfOther: 90 })).toBe(
      affinityOf({ together: 3, orders: 90, ordersOfOther: 7 }),
    );
  });
});

describe('the ranking', () => {
  it('puts what goes with a product before what is in every order', () => {
    expect(rank([neighbour('everywhere', 60, 10_000, 100), neighbour('close', 40, 50, 100)], all)).toEqual([
      'close',
      'everywhere',
    ]);
  });

  it('puts what was often bought together before what was once: one order proves little', () => {
    expect(rank([neighbour('once', 1, 1, 1), neighbour('often', 15, 20, 20)], all)).toEqual([
      'often',
      'once',
    ]);
  });

  it('adds up over several products, leaves out what is to be left out, and ends', () => {
    const neighbours = [
      neighbour('a', 10, 20, 20),
      neighbour('b', 8, 20, 20),
      neighbour('b', 8, 20, 20),
      neighbour('c', 20, 20, 20),
    ];
    expect(rank(neighbours, { except: new Set(['c']), most: 1 })).toEqual(['b']);
  });

  it('is the same whatever the order of the rows', () => {
    const neighbours = [neighbour('10', 5, 9, 9), neighbour('9', 5, 9, 9)];
    expect(rank(neighbours, all)).toEqual(['9', '10']);
    expect(rank(neighbours.toReversed(), all)).toEqual(['9', '10']);
  });
});
