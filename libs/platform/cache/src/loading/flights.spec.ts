import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { cacheKey } from '../cache-key.js';
import type { CachedValue } from '../serializing/serializer.js';
import { Flights } from './flights.js';
import type { Wanted } from './reading.js';

const KEY = cacheKey('user', '1');
const value = (n: number): CachedValue => ({ value: n, heapBytes: 8 });
const never = new Promise<CachedValue>(() => {});
const want = (more: Partial<Wanted> = {}): Wanted => ({
  id: '1',
  key: KEY,
  permit: 0,
  ...more,
});

let clock: ManualClock;
let flights: Flights;
beforeEach(() => {
  clock = new ManualClock();
  flights = new Flights(clock, 10_000);
});
const load = (wanted: Wanted) => void flights.beginLoads([wanted], new Map(), new Promise(() => {}));

describe('a read', () => {
  it('can be joined until it settles', async () => {
    const { promise, resolve } = Promise.withResolvers<CachedValue>();
    void flights.beginRead(KEY, promise);
    expect(flights.read(KEY)).toBe(promise);
    resolve(value(1));
    await promise;
    expect(flights.read(KEY)).toBeUndefined();
  });

  it('can be joined no more once it failed', async () => {
    await expect(flights.beginRead(KEY, Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(flights.read(KEY)).toBeUndefined();
  });

  it('does not take away the one that replaced it', async () => {
    const first = Promise.withResolvers<CachedValue>();
    void flights.beginRead(KEY, first.promise);
    flights.forget(KEY);
    const second = flights.beginRead(KEY, never);
    first.resolve(value(1));
    await first.promise;
    expect(flights.read(KEY)).toBe(second);
  });

  it('is joined by no caller once it is too old, and replaced by its successor', () => {
    void flights.beginRead(KEY, never);
    clock.advance(9_999);
    expect(flights.read(KEY)).toBeDefined();
    clock.advance(1);
    expect(flights.read(KEY)).toBeUndefined();
    const second = flights.beginRead(KEY, new Promise(() => {}));
    expect(flights.read(KEY)).toBe(second);
  });
});

describe('a load', () => {
  it('is joined by who came before it began, and waited for by later ones', () => {
    const arrived = flights.turn;
    load(want());
    expect(flights.joinable(KEY, undefined, arrived)).toBeDefined();
    expect(flights.joinable(KEY, undefined, flights.turn)).toBeUndefined();
    expect(flights.isLoading(KEY)).toBe(true);
  });

  it('is joined by those who find its lease in Redis', () => {
    load(want({ token: 'mine' }));
    expect(flights.joinable(KEY, 'mine', flights.turn)).toBeDefined();
    expect(flights.joinable(KEY, 'another', flights.turn)).toBeUndefined();
  });
});

describe('an invalidation', () => {
  it.each([
    ['its key', KEY, true],
    ['another key', cacheKey('user', '2'), false],
    ['its namespace', '@user', true],
    ['another namespace', '@stock', false],
  ])('of %s: %s ends the flight for later callers: %s', (_what, target, ends) => {
    void flights.beginRead(KEY, never);
    load(want());
    flights.forget(target);
    expect([flights.read(KEY) === undefined, flights.isLoading(KEY)]).toEqual([ends, !ends]);
  });
});
