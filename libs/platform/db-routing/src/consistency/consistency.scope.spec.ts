import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { mariadbDialect as dialect } from '../engine/mariadb.dialect.js';
import { ConsistencyScope } from './consistency.scope.js';
import { ANY_AGE, type Freshness } from './freshness.js';

const NOW_MS = 1_000_000;
const WINDOW_MS = 2_000;

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock(NOW_MS);
});

const scopeOf = (required?: Freshness, windowMs = WINDOW_MS) =>
  new ConsistencyScope({ dialect, clock, windowMs }, required);

describe('a consistency scope', () => {
  it('asks for nothing and has written nothing when it begins', () => {
    const scope = scopeOf();
    expect(scope).toMatchObject({ freshness: ANY_AGE, wrote: false, isPrimaryOnly: false, transactions: 0 });
  });

  it('asks for what it came with, which is not a write of its own', () => {
    const scope = scopeOf({ position: '1-1-7', primaryUntilMs: 0 });
    expect(scope).toMatchObject({ freshness: { position: '1-1-7' }, wrote: false, isPrimaryOnly: false });
  });

  it('merges commits in any order, beside what it came with', () => {
    const scope = scopeOf({ position: '2-1-3', primaryUntilMs: 0 });
    for (const gtid of ['1-1-8', '1-1-10', '1-1-9']) scope.committed(gtid);
    expect(scope).toMatchObject({ freshness: { position: '1-1-10,2-1-3' }, wrote: true });
  });

  it('is for the primary alone after a write whose position is unknown, for the length of the window', () => {
    const scope = scopeOf();
    scope.committedUnseen();
    expect(scope).toMatchObject({ wrote: true, isPrimaryOnly: true });
    clock.advance(WINDOW_MS - 1);
    expect(scope.isPrimaryOnly).toBe(true);
    clock.advance(1);
    expect(scope.isPrimaryOnly).toBe(false);
  });

  it('tells of each write, and of nothing else', () => {
    const told: Freshness[] = [];
    const onWrite = (freshness: Freshness) => told.push(freshness);
    const required = { position: '2-1-3', primaryUntilMs: 0 };
    const scope = new ConsistencyScope({ dialect, clock, windowMs: WINDOW_MS, onWrite }, required);
    expect(told).toEqual([]);
    scope.committed('1-1-8');
    scope.committedUnseen();
    expect(told).toEqual([
      { position: '1-1-8,2-1-3', primaryUntilMs: 0 },
      { position: '1-1-8,2-1-3', primaryUntilMs: NOW_MS + WINDOW_MS },
    ]);
  });

  it('does not end a longer window that it came with', () => {
    const scope = scopeOf({ position: '', primaryUntilMs: NOW_MS + 10_000 });
    scope.committedUnseen();
    expect(scope.freshness.primaryUntilMs).toBe(NOW_MS + 10_000);
  });

  it('keeps the position through a write whose own is unknown, and the other way round', () => {
    const scope = scopeOf();
    scope.committed('1-1-8');
    scope.committedUnseen();
    scope.committed('1-1-9');
    expect(scope.freshness).toEqual({ position: '1-1-9', primaryUntilMs: NOW_MS + WINDOW_MS });
  });

  it('with the window off, a write whose position is unknown counts as a write and binds no read', () => {
    const scope = scopeOf(ANY_AGE, 0);
    scope.committedUnseen();
    expect(scope).toMatchObject({ wrote: true, isPrimaryOnly: false });
  });
});

describe('the wait for a connection', () => {
  it.each([
    ['of a job is as long as ever', undefined, 60_000, 2_000],
    ['of a request is what its earlier steps have left of one deadline', 1_000, 1_500, 1_500],
    ['…and a moment when they have left less', 1_000, 2_900, 250],
    ['…or nothing', 1_000, 60_000, 250],
  ])('%s', (_title, requestedMs, nowMs, waitMs) => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(nowMs);
    const scope = new ConsistencyScope({ dialect, clock, windowMs: WINDOW_MS, requestedMs });
    expect(scope.waitMs(2_000)).toBe(waitMs);
    now.mockRestore();
  });
});
