import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invariants } from '../src/oracle/invariants.js';
import { HealthyShop } from './healthy.shop.js';
import { plants } from './planted.violations.js';

let shop: HealthyShop;

beforeAll(async () => {
  shop = await HealthyShop.open();
});
afterAll(() => shop?.close());

describe('the oracle', () => {
  it('finds nothing where nothing is wrong, with orders of both outcomes', async () => {
    expect([shop.confirmed.length, shop.rejected.length]).toEqual([8, 2]);
    expect(await shop.violations()).toEqual([]);
  });

  it.each(plants)(
    'reports $what as a violation of $invariant, and of nothing else',
    async ({ invariant, plant }) => {
      const undo = await plant(shop);
      const found = await shop.violations();
      await undo();
      expect(found).toEqual([{ invariant, line: expect.stringMatching(/\S/) }]);
      expect(await shop.violations()).toEqual([]);
    },
  );

  it('has seen each of its invariants violated', () => {
    expect([...new Set(plants.map(({ invariant }) => invariant))]).toEqual(
      invariants.map(({ name }) => name),
    );
  });
});
