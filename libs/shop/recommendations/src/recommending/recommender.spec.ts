import { gbp, ProductNotFoundError, type ProductView } from '@shop/contracts';
import { register } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { AnswerMetrics } from './answer.metrics.js';
import type { NeighbourReader } from './neighbour.reader.js';
import { Recommender } from './recommender.js';

const product = (id: string, stock = 1): ProductView => ({ id, sku: id, name: id, price: gbp(100), stock });

/** A shop of products 1 to 9, of which 4 is sold out; 404 was counted and does not exist. */
const shop = {
  neighbours: [] as string[],
  basket: null as { orderId: string; productIds: string[] } | null,
  bestSellers: ['9', '8', '4', '1'],
  asked: [] as string[][],
};
const recommender = new Recommender(
  {
    ofProduct: async () => shop.neighbours,
    ofBasket: async () => shop.neighbours,
  } as unknown as NeighbourReader,
  { confirmed: async () => [], latestOf: async () => shop.basket },
  {
    findMany: async (ids) => {
      shop.asked.push([...ids]);
      const known = ids.filter((id) => Number(id) < 10);
      return new Map(known.map((id) => [id, product(id, id === '4' ? 0 : 1)]));
    },
  },
  { ids: async (limit) => shop.bestSellers.slice(0, limit) },
  new AnswerMetrics(),
);
const idsOf = async (answer: Promise<{ items: ProductView[] }>) => (await answer).items.map(({ id }) => id);
const answers = async () =>
  (await register.getSingleMetric('recommendation_answers_total')!.get()).values
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => [labels['audience'], labels['source'], value]);

beforeEach(() => {
  Object.assign(shop, { neighbours: [], basket: null, bestSellers: ['9', '8', '4', '1'], asked: [] });
  register.resetMetrics();
});

describe('beside a product', () => {
  it('is what goes with it, the closest first, and then the best sellers, each once and never itself', async () => {
    shop.neighbours = ['3', '9', '2'];
    expect(await idsOf(recommender.forProduct('1', 10))).toEqual(['3', '9', '2', '8']);
    expect(await answers()).toEqual([['product', 'both', 1]]);
  });

  it('is no more than was asked for', async () => {
    shop.neighbours = ['3', '9', '2'];
    expect(await idsOf(recommender.forProduct('1', 2))).toEqual(['3', '9']);
    expect(await answers()).toEqual([['product', 'pairs', 1]]);
  });

  it('is nothing that is sold out or does not exist: others take their places', async () => {
    shop.neighbours = ['4', '404', '3', '2'];
    expect(await idsOf(recommender.forProduct('1', 2))).toEqual(['3', '2']);
  });

  it('of which nothing is known are the best sellers', async () => {
    expect(await idsOf(recommender.forProduct('7', 10))).toEqual(['9', '8', '1']);
    expect(await answers()).toEqual([['product', 'best_sellers', 1]]);
  });

  it('looks at no more products than it takes', async () => {
    shop.neighbours = ['3', '2', '5', '6', '7'];
    await recommender.forProduct('1', 2);
    expect(shop.asked).toEqual([['1'], ['3', '2']]);
  });

  it('looks many up at once when the first are sold out, and not one by one', async () => {
    shop.neighbours = [...Array<string>(45).fill('4'), '3'];
    expect(await idsOf(recommender.forProduct('1', 1))).toEqual(['3']);
    expect(shop.asked.map(({ length }) => length)).toEqual([1, 1, 20, 20, 5]);
  });

  it('that does not exist is an error', async () => {
    await expect(recommender.forProduct('404', 10)).rejects.toThrow(ProductNotFoundError);
  });
});

describe('for a user', () => {
  it('is what goes with her last order, and nothing that is in it', async () => {
    shop.basket = { orderId: '1', productIds: ['9', '2'] };
    shop.neighbours = ['3'];
    expect(await idsOf(recommender.forUser('7', 10))).toEqual(['3', '8', '1']);
  });

  it('without an order are the best sellers', async () => {
    expect(await idsOf(recommender.forUser('7', 10))).toEqual(['9', '8', '1']);
    expect(await answers()).toEqual([['user', 'best_sellers', 1]]);
  });

  it('of a shop where nothing was ever sold is nothing', async () => {
    shop.bestSellers = [];
    expect(await recommender.forUser('7', 10)).toEqual({ items: [], nextCursor: null });
  });
});
