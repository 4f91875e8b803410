import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { type L1Shelf, L1Store } from './l1.store.js';
import { decodeValue, encodeValue, serializers } from '../serializing/serializer.js';

const cachedOf = (value: unknown) => decodeValue(encodeValue(value, serializers.json))!;

describe('L1Store', () => {
  let clock: ManualClock;
  let l1: L1Store;
  let shelf: L1Shelf;
  const lifetime = (ttlMs: number) => ({ expiresMs: clock.now() + ttlMs, refreshAtMs: Infinity });
  const put = (key: string, value: unknown, ttlMs = 1_000, permit = l1.permit(shelf, key)) =>
    l1.put(shelf, key, key, cachedOf(value), lifetime(ttlMs), permit);
  const get = (key: string) => l1.get(shelf, key, clock.now())?.cached;

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    l1 = new L1Store(100_000, clock);
    l1.become('serving');
    shelf = new Map();
  });

  it('keeps a value until its expiry and not a millisecond longer', () => {
    put('k', 'v', 100);
    clock.advance(99);
    expect(get('k')?.value).toBe('v');
    clock.advance(1);
    expect(get('k')).toBeUndefined();
    expect(l1.size).toBe(0);
  });

  it.each([0, -5])('does not keep a value with %i ms left', (ttlMs) => {
    put('k', 'v', ttlMs);
    expect(get('k')).toBeUndefined();
  });

  it('naive twin: an expiry alone gives a value the hour more that the clock has stepped back', () => {
    const expiresMs = clock.now() + 100;
    clock.advance(-3_600_000);
    clock.advance(3_599_000);
    expect(clock.now() < expiresMs).toBe(true);
  });

  it('does not serve a value from before a step back of the clock', () => {
    put('k', 'v', 100);
    clock.advance(-3_600_000);
    expect(get('k')).toBeUndefined();
  });

  it('refuses a write whose key was invalidated since the permit', () => {
    const permit = l1.permit(shelf, 'k');
    l1.invalidate('k');
    put('k', 'old', 1_000, permit);
    expect(get('k')).toBeUndefined();
  });

  it('lets another key’s permit stand', () => {
    const permit = l1.permit(shelf, 'a');
    l1.invalidate('b');
    put('a', 'v', 1_000, permit);
    expect(get('a')?.value).toBe('v');
  });

  it.each(['suspended', 'alone', 'serving'] as const)('voids values and permits on becoming %s', (state) => {
    put('k', 'v');
    const permit = l1.permit(shelf, 'k');
    l1.become(state);
    l1.become('serving');
    put('k', 'old', 1_000, permit);
    expect(get('k')).toBeUndefined();
  });

  it('stores nothing while suspended', () => {
    l1.become('suspended');
    put('k', 'v');
    expect(l1.size).toBe(0);
  });

  it('drops all at once when the clock leaps ahead, and goes on', () => {
    put('k', 'v', 60_000);
    clock.advance(3_600_000);
    expect(get('k')).toBeUndefined();
    put('k', 'v', 60_000);
    expect(get('k')?.value).toBe('v');
  });

  it('naive twin: a bound on entries lets the bytes grow with the values', () => {
    const entries = new Map<string, string>();
    let most = 0;
    for (let i = 0; i < 2_000; i += 1) {
      entries.set(`key-${i}`, '😀'.repeat(i));
      if (entries.size > 100) entries.delete(entries.keys().next().value!);
      most = Math.max(
        most,
        [...entries.values()].reduce((sum, { length }) => sum + 2 * length, 0),
      );
    }
    expect(most).toBeGreaterThan(100_000);
  });

  it('gives absence a sixteenth of its bytes: any number of ids that do not exist push out no value', () => {
    put('k', 'v');
    for (let i = 0; i < 5_000; i += 1) put(`absent-${i}`, null);
    expect(get('k')?.value).toBe('v');
    expect(l1.size).toBeGreaterThan(10);
    expect(l1.bytes).toBeLessThan(100_000 / 16 + 1_000);
  });

  it('replaces absence by a value and a value by absence', () => {
    put('k', null);
    put('k', 'v');
    expect([get('k')?.value, l1.size]).toEqual(['v', 1]);
    put('k', null);
    expect([get('k')?.value, l1.size]).toEqual([null, 1]);
  });

  it('stays within its bytes under churn with wide characters, and counts what it pushes out', () => {
    for (let i = 0; i < 2_000; i += 1) {
      put(`key-${i % 700}`, { text: '😀'.repeat(i % 97), list: Array.from({ length: i % 13 }, () => 'é') });
      expect(l1.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(l1.size).toBeGreaterThan(10);
    expect(l1.evictions).toBeGreaterThan(0);
  });

  it('drops the old value when the new one is bigger than the whole store', () => {
    put('k', 'small');
    put('k', 'x'.repeat(100_000));
    expect(get('k')).toBeUndefined();
    expect(l1.bytes).toBe(0);
  });

  it('holds on to no id of what it has let go', () => {
    for (let i = 0; i < 2_000; i += 1) put(`key-${i}`, 'v'.repeat(200));
    expect(shelf.size).toBe(l1.size);
    l1.clear();
    expect(shelf.size).toBe(0);
  });

  it('lets go first what was not asked for lately', () => {
    put('hot', 'v');
    for (let i = 0; i < 1_000; i += 1) {
      clock.advance(1_001);
      put('hot', 'v', 10_000_000);
      put(`key-${i}`, 'v'.repeat(100), 10_000_000);
      clock.advance(1_001);
      expect(get('hot')).toBeDefined();
    }
    expect(l1.evictions).toBeGreaterThan(0);
  });

  it('drops a namespace whole, voids the permits in it, and leaves the others', () => {
    const other: L1Shelf = new Map();
    put('a', 'v');
    l1.put(other, 'b', 'b', cachedOf('v'), lifetime(1_000), l1.permit(other, 'b'));
    const [permit, others] = [l1.permit(shelf, 'a'), l1.permit(other, 'b')];
    l1.invalidateShelf(shelf);
    put('a', 'old', 1_000, permit);
    expect(get('a')).toBeUndefined();
    expect(l1.get(other, 'b', clock.now())).toBeDefined();
    expect(l1.isCurrent(other, 'b', others)).toBe(true);
  });

  it('counts key, value and overhead', () => {
    put('k'.repeat(50), 'v'.repeat(100));
    expect(l1.bytes).toBeGreaterThanOrEqual(50 * 2 + 100 * 2 + 256);
  });
});
