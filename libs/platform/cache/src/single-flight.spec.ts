import { describe, expect, it } from 'vitest';
import { SingleFlight } from './single-flight.js';

describe('SingleFlight', () => {
  it('can be joined until it settles', async () => {
    const flights = new SingleFlight<number>();
    const { promise, resolve } = Promise.withResolvers<number>();
    void flights.begin('k', promise);
    expect(flights.current('k')).toBe(promise);
    resolve(1);
    await promise;
    expect(flights.current('k')).toBeUndefined();
  });

  it('can be joined no more once it failed', async () => {
    const flights = new SingleFlight<number>();
    await expect(flights.begin('k', Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(flights.current('k')).toBeUndefined();
  });

  it('does not take away the flight that replaced it', async () => {
    const flights = new SingleFlight<number>();
    const first = Promise.withResolvers<number>();
    void flights.begin('k', first.promise);
    flights.forget('k');
    const second = flights.begin('k', new Promise(() => {}));
    first.resolve(1);
    await first.promise;
    expect(flights.current('k')).toBe(second);
  });
});
