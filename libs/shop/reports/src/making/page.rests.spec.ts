import { expect, it } from 'vitest';
import { MOST_REST_MS, PageRests } from './page.rests.js';

it('rests three times as long as a page took', () => {
  const rests = new PageRests();
  expect([20, 7, 0].map((workedMs) => rests.nextMs(workedMs))).toEqual([60, 21, 0]);
});

it('rests five minutes at most in all, so that a slow replica does not bring a report to its limit', () => {
  const rests = new PageRests();
  const taken = Array.from({ length: 100 }, () => rests.nextMs(2_000));
  expect(taken.reduce((sum, restMs) => sum + restMs)).toBe(MOST_REST_MS);
  expect([taken[0], taken.at(-1)]).toEqual([6_000, 0]);
});
