import { beforeEach, describe, expect, it } from 'vitest';
import { RateWindow } from './rate.window.js';

const MINUTE_MS = 60_000;
let nowMs: number;
let window: RateWindow;
beforeEach(() => {
  nowMs = 1_000 * MINUTE_MS;
  window = new RateWindow({ name: 'caller', most: 100, windowMs: MINUTE_MS }, () => nowMs);
});

describe('a window', () => {
  it('allows as much as it says, each key for itself, and counts what each request costs', () => {
    expect(window.take('a', 60)).toEqual({ isAllowed: true, remaining: 40, resetSeconds: 60 });
    expect(window.take('a', 41)).toMatchObject({ isAllowed: false, remaining: 40 });
    expect(window.take('a', 40)).toMatchObject({ isAllowed: true, remaining: 0 });
    expect(window.take('b', 100).isAllowed).toBe(true);
  });

  it('counts the one before it by the part that lies less than a window back', () => {
    window.take('a', 100);
    nowMs += MINUTE_MS;
    expect(window.take('a', 1).isAllowed).toBe(false);
    nowMs += MINUTE_MS / 2;
    expect(window.take('a', 0)).toMatchObject({ remaining: 50, resetSeconds: 30 });
    nowMs += 2 * MINUTE_MS;
    expect(window.take('a', 100).isAllowed).toBe(true);
  });

  it('only looks at no cost', () => {
    for (let nth = 0; nth < 200; nth += 1) expect(window.take('a', 0).isAllowed).toBe(true);
    expect(window.takeUnsent()).toEqual([]);
  });
});

describe('what other processes count', () => {
  it('is added by an exchange, and what came meanwhile is told the next time', () => {
    window.take('a', 10);
    const [[key, count, cost]] = window.takeUnsent() as [[string, { used: number; unsent: number }, number]];
    expect([key, cost]).toEqual(['a', 10]);
    window.take('a', 5);
    window.told(count, 70);
    expect(window.take('a', 0).remaining).toBe(25);
    expect(window.takeUnsent()).toMatchObject([['a', { used: 75 }, 5]]);
    expect(window.takeUnsent()).toEqual([]);
  });

  it('can’t be told while Redis is away: the own limit holds, and all is told later', () => {
    window.take('a', 60);
    for (const one of window.takeUnsent()) window.untold(...one);
    expect(window.take('a', 41).isAllowed).toBe(false);
    window.take('a', 20);
    expect(window.takeUnsent()).toMatchObject([['a', { used: 80 }, 80]]);
  });

  it('is not carried into a window that has begun meanwhile', () => {
    window.take('a', 60);
    const unsent = window.takeUnsent();
    nowMs += 2 * MINUTE_MS;
    window.take('b', 1);
    for (const one of unsent) window.untold(...one);
    expect(window.takeUnsent()).toMatchObject([['b', {}, 1]]);
  });
});

it('beyond so many keys they share one count, so that no number of addresses fills the memory', () => {
  for (let nth = 0; nth < 50_000; nth += 1) window.take(`key ${nth}`, 1);
  for (let nth = 0; nth < 100; nth += 1) expect(window.take(`more ${nth}`, 1).isAllowed).toBe(true);
  expect(window.take('one more', 1).isAllowed).toBe(false);
  expect(window.take('key 1', 1).isAllowed).toBe(true);
});
