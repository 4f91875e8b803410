import { ManualClock } from '@fourfold/kernel';
import { describe, expect, it } from 'vitest';
import { SingleFlight } from './single-flight.js';

describe('SingleFlight', () => {
  it('can be joined until it settles', async () => {
    const flights = new SingleFlight<number>(new ManualClock(), 10_000);
    const { promise, resolve } = Promise.withResolvers<number>();
    void flights.begin('k', promise);
    expect(flights.current('k')).toBe(promise);
    resolve(1);
    await promise;
    expect(flights.current('k')).toBeUndefined();
  });

  it('can be joined no more once it failed', async () => {
    const flights = new SingleFlight<number>(new ManualClock(), 10_000);
    await expect(flights.begin('k', Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(flights.current('k')).toBeUndefined();
  });

  it('does not take away the flight that replaced it', async () => {
    const flights = new SingleFlight<number>(new ManualClock(), 10_000);
    const first = Promise.withResolvers<number>();
    void flights.begin('k', first.promise);
    flights.forget('k');
    const second = flights.begin('k', new Promise(() => {}));
    first.resolve(1);
    await first.promise;
    expect(flights.current('k')).toBe(second);
  });

  it('is joined by no caller once it is too old, and taken off by its successor', async () => {
    const clock = new ManualClock();
    const flights = new SingleFlight<number>(clock, 10_000);
    void flights.begin('k', new Promise(() => {}));
    clock.advance(9_999);
    expect(flights.current('k')).toBeDefined();
    clock.advance(1);
    expect(flights.current('k')).toBeUndefined();
    const second = flights.begin('k', new Promise(() => {}));
    expect(flights.current('k')).toBe(second);
  });
});
