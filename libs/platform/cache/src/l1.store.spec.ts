import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { L1Store } from './l1.store.js';
import { JsonSerializer } from './serializer.js';

const serializer = new JsonSerializer();
const cachedOf = (value: unknown) => serializer.decode(serializer.encode(value))!;

describe('L1Store', () => {
  let clock: ManualClock;
  let l1: L1Store;
  const put = (key: string, value: unknown, ttlMs = 1_000) =>
    l1.put(key, cachedOf(value), clock.now() + ttlMs, l1.permit(key));

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    l1 = new L1Store(100_000, clock);
    l1.resume();
  });

  it('keeps a value until its expiry and not a millisecond longer', () => {
    put('k', 'v', 100);
    clock.advance(99);
    expect(l1.get('k')?.value).toBe('v');
    clock.advance(1);
    expect(l1.get('k')).toBeUndefined();
    expect(l1.size).toBe(0);
  });

  it.each([0, -5])('does not keep a value with %i ms left', (ttlMs) => {
    put('k', 'v', ttlMs);
    expect(l1.get('k')).toBeUndefined();
  });

  it('does not serve a value from before a step back of the clock', () => {
    put('k', 'v', 100);
    clock.advance(-3_600_000);
    expect(l1.get('k')).toBeUndefined();
  });

  it('refuses a write whose key was invalidated since the permit', () => {
    const permit = l1.permit('k');
    l1.invalidate('k');
    l1.put('k', cachedOf('old'), clock.now() + 1_000, permit);
    expect(l1.get('k')).toBeUndefined();
  });

  it('lets another key’s permit stand', () => {
    const permit = l1.permit('a');
    l1.invalidate('b');
    l1.put('a', cachedOf('v'), clock.now() + 1_000, permit);
    expect(l1.get('a')?.value).toBe('v');
  });

  it.each(['clear', 'suspend', 'resume'] as const)('voids values and permits on %s', (change) => {
    put('k', 'v');
    const permit = l1.permit('k');
    l1[change]();
    l1.resume();
    l1.put('k', cachedOf('old'), clock.now() + 1_000, permit);
    expect(l1.get('k')).toBeUndefined();
  });

  it('stores nothing while suspended', () => {
    l1.suspend();
    put('k', 'v');
    expect(l1.size).toBe(0);
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
    expect(l1.get('k')).toBeUndefined();
    expect(l1.bytes).toBe(0);
  });

  it('counts key, value and overhead', () => {
    put('k'.repeat(50), 'v'.repeat(100));
    expect(l1.bytes).toBeGreaterThanOrEqual(50 * 2 + 100 * 2 + 256);
  });
});
