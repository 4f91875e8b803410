import { fullRun } from '@fourfold-tools/testing';
import { expect } from 'vitest';
import {
  AFFECTED_MS,
  type OutageFigures,
  SLOWDOWN,
  slowdownOf,
  slowestOf,
  summaryOf,
} from './outage.figures.js';
import type { Rounds } from './outage.load.js';

/**
 * What every outage of a shard has to show: calls for the others go on, and its own callers are refused long before it
 * is back. How fast both are is asserted in the full run alone, which has enough rounds for figures that can be trusted.
 */
export function expectIsolated(figures: OutageFigures, { rounds, sideMs }: Rounds): void {
  console.log(summaryOf(figures));
  expect(figures.failed).toEqual([]);
  // One may have been answered in the very moment of failure.
  const refusals = figures.affected.flatMap(({ error }) => error ?? []);
  expect(refusals.length).toBeGreaterThan(20 * rounds);
  expect(slowestOf(figures)).toBeLessThan(sideMs);
  if (!fullRun) return;
  expect(slowestOf(figures)).toBeLessThan(AFFECTED_MS);
  const slowdown = slowdownOf(figures);
  expect(slowdown.during).toBeLessThanOrEqual(SLOWDOWN);
  expect(slowdown.atBreak).toBeLessThanOrEqual(SLOWDOWN);
}
