import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineQueue } from './queue-definition.js';

const payload = z.object({ to: z.string() });

describe('defineQueue', () => {
  it('gives a queue three retries, 25 and 30 minutes, and a back-off of at most 600 s', () => {
    expect(defineQueue({ name: 'letters', payload })).toEqual({
      name: 'letters',
      payload,
      concurrency: 5,
      attempts: 4,
      backOff: { baseMs: 1_000, capMs: 600_000 },
      softLimitMs: 1_500_000,
      hardLimitMs: 1_800_000,
      priority: 'normal',
      isolation: 'in-process',
      autoRedrive: { times: 6, firstAfterMs: 60_000, capMs: 1_800_000 },
    });
  });

  it('tries a job of a queue of one attempt once, and not again by itself, unless that is declared', () => {
    expect(defineQueue({ name: 'letters', payload, attempts: 1 }).autoRedrive.times).toBe(0);
    const autoRedrive = { times: 2, firstAfterMs: 5, capMs: 5 };
    expect(defineQueue({ name: 'letters', payload, attempts: 1, autoRedrive })).toMatchObject({
      autoRedrive,
    });
  });

  it.each([
    [{ name: '' }, 'name: must be'],
    [{ name: 'with:colon' }, 'name: must be'],
    [{ concurrency: 0 }, 'concurrency: must be 1 or more'],
    [{ attempts: 0 }, 'attempts: must be 1 or more'],
    [{ softLimitMs: 10, hardLimitMs: 5 }, 'softLimitMs: must not be over hardLimitMs'],
    [{ autoRedrive: { times: Number.NaN, firstAfterMs: 1, capMs: 1 } }, 'autoRedrive.times: must be'],
    [{ autoRedrive: { times: -1, firstAfterMs: 1, capMs: 1 } }, 'autoRedrive.times: must be 0 or more'],
    [{ autoRedrive: { times: 1, firstAfterMs: 0.5, capMs: 1 } }, 'autoRedrive.firstAfterMs: must be'],
    [{ autoRedrive: { times: 1, firstAfterMs: 1, capMs: Infinity } }, 'autoRedrive.capMs: must be'],
    [{ hardLimitMs: 30 * 86_400_000 }, 'hardLimitMs: must be below 25 days'],
    [
      { concurency: 3 },
      'concurency: there is no such option; there are name, payload, concurrency, attempts',
    ],
    [{ backOff: { baseMs: 1, maxMs: 2 } }, 'backOff.maxMs: there is no such option; there are baseMs, capMs'],
    [{ payload: { to: 'string' } }, 'payload: must be a Zod schema'],
  ])('refuses %o and says why', (wrong, said) => {
    expect(() => defineQueue({ name: 'letters', payload, ...(wrong as object) })).toThrow(said);
  });
});
