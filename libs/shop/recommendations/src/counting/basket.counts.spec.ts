import { describe, expect, it } from 'vitest';
import { byId, countBaskets, MOST_PAIRED, pairedOf } from './basket.counts.js';

const basket = (orderId: string, size: number) => ({
  orderId,
  productIds: Array.from({ length: size }, (_, at) => String(at + 1)),
});

describe('what baskets add', () => {
  it('is each product once an order, and each pair both ways, in the order of ids', () => {
    expect(countBaskets([['10', '9'], ['9', '10', '2'], ['7']])).toEqual({
      products: [
        ['2', 1],
        ['7', 1],
        ['9', 2],
        ['10', 2],
      ],
      pairs: [
        ['2', '9', 1],
        ['2', '10', 1],
        ['9', '2', 1],
        ['9', '10', 2],
        ['10', '2', 1],
        ['10', '9', 2],
      ],
    });
  });

  it('is nothing of nothing', () => {
    expect(countBaskets([])).toEqual({ products: [], pairs: [] });
  });

  it('orders ids as numbers, also those that no number holds', () => {
    const ids = ['383018028062736385', '99', '383018028062736384', '100'];
    expect(ids.toSorted(byId)).toEqual(['99', '100', '383018028062736384', '383018028062736385']);
  });
});

describe('of a basket are paired', () => {
  it('all products, each once, of one that is not large', () => {
    expect(pairedOf({ orderId: '1', productIds: ['3', '1', '3'] })).toEqual(['3', '1']);
    expect(pairedOf(basket('1', MOST_PAIRED))).toHaveLength(MOST_PAIRED);
  });

  it('as many of the largest order as keep its pairs few, the same at each try, others of another order', () => {
    const [first, again, other] = [
      pairedOf(basket('1', 1_000)),
      pairedOf(basket('1', 1_000)),
      pairedOf(basket('2', 1_000)),
    ];
    expect(new Set(first).size).toBe(MOST_PAIRED);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(countBaskets([first]).pairs).toHaveLength(MOST_PAIRED * (MOST_PAIRED - 1));
  });

  it('each product of large orders as often as another', () => {
    const drawn = Array.from({ length: 400 }, (_, order) => pairedOf(basket(String(order), 100)));
    const times = new Map(countBaskets(drawn).products);
    const counts = basket('', 100).productIds.map((id) => times.get(id) ?? 0);
    // Half of the orders, ± five standard deviations of 10.
    expect(Math.min(...counts)).toBeGreaterThan(150);
    expect(Math.max(...counts)).toBeLessThan(250);
  });
});
