import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { mariadbDialect } from '../engine/mariadb.dialect.js';
import { ANY_AGE, type Freshness } from './freshness.js';
import { RecentWrites } from './recent-writes.js';

const WINDOW_MS = 2_000;

let clock: ManualClock;
let recent: RecentWrites;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  recent = new RecentWrites(WINDOW_MS, mariadbDialect, clock);
});

const at = (position: string, primaryUntilMs = 0): Freshness => ({ position, primaryUntilMs });

describe('the sticky window', () => {
  it('remembers a caller’s write for its length, and no other caller’s', () => {
    recent.remember('customer:1', at('1-1-5'));
    clock.advance(WINDOW_MS - 1);
    expect(recent.of('customer:1')).toEqual(at('1-1-5'));
    expect(recent.of('customer:2')).toBe(ANY_AGE);
    clock.advance(1);
    expect(recent.of('customer:1')).toBe(ANY_AGE);
  });

  it('begins anew with each write', () => {
    recent.remember('customer:1', at('1-1-5'));
    clock.advance(WINDOW_MS - 1);
    recent.remember('customer:1', at('1-1-6'));
    clock.advance(WINDOW_MS - 1);
    expect(recent.of('customer:1')).toEqual(at('1-1-6'));
  });

  it('keeps both writes of two requests at once, also when the earlier write’s request ends last', () => {
    recent.remember('customer:1', at('1-1-6,2-1-1', 1_001_500));
    recent.remember('customer:1', at('1-1-5,3-1-9'));
    expect(recent.of('customer:1')).toEqual(at('1-1-6,2-1-1,3-1-9', 1_001_500));
  });

  it('forgets what is over before it adds to it', () => {
    recent.remember('customer:1', at('2-1-7'));
    clock.advance(WINDOW_MS);
    recent.remember('customer:1', at('1-1-5'));
    expect(recent.of('customer:1')).toEqual(at('1-1-5'));
  });

  it('holds 10,000 callers at most, and lets go of those whose writes are the oldest', () => {
    for (let caller = 0; caller < 10_000; caller += 1) recent.remember(`customer:${caller}`, at('1-1-1'));
    recent.remember('customer:0', at('1-1-2'));
    recent.remember('customer:new', at('1-1-3'));
    expect(recent.of('customer:1')).toBe(ANY_AGE);
    expect(recent.of('customer:0')).toEqual(at('1-1-2'));
    expect(recent.of('customer:2')).toEqual(at('1-1-1'));
    expect(recent.of('customer:new')).toEqual(at('1-1-3'));
  });
});
