import { seeded } from '@fourfold-tools/testing';
import { expect, it } from 'vitest';
import { arrivals } from './arrivals.js';
import { read } from './call.js';

const call = read('/x', '/x');
const timesOf = (perSecond: number, seconds: number, seed: number) =>
  Array.from(
    arrivals({ perSecond, seconds, random: seeded(seed) }, () => call),
    ({ atMs }) => atMs,
  );

it('calls come as often as asked for, in order, within the time, and the same for the same seed', () => {
  const times = timesOf(1_000, 20, 7);
  // A Poisson process: four standard deviations.
  expect(Math.abs(times.length - 20_000)).toBeLessThan(4 * Math.sqrt(20_000));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(20_000);
  expect(timesOf(1_000, 20, 7)).toEqual(times);
  expect(timesOf(1_000, 20, 8)).not.toEqual(times);
});

it('calls come apart and together: gaps are spread as those of an exponential distribution', () => {
  const times = timesOf(1_000, 20, 7);
  const gaps = times.slice(1).map((atMs, index) => atMs - times[index]!);
  const longer = gaps.filter((gap) => gap > 1).length / gaps.length;
  expect(longer).toBeCloseTo(Math.exp(-1), 1);
});
