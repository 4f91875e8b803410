import cronParser from 'cron-parser';
import { describe, expect, it } from 'vitest';
import { cronSchema, overdueAfter, scheduleSchema, tickAfter } from './queue-schedule.js';

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

describe('a cron expression', () => {
  it.each(['*/5 * * * *', '0 3 * * 1-5', '30 */10 * * * *', ' 0 0 L * * ', '0 0 29 2 *'])(
    '%j is taken',
    (cron) => {
      expect(cronSchema.parse(cron)).toBe(cron.trim());
    },
  );

  it.each(['0 0 31 2 *', '0 0 30 2 *', '0 0 31 4,6 *', '0 0 31 4 *', '0 0 0 31 2 *'])(
    '%j is refused: it never fires',
    (cron) => {
      expect(cronSchema.safeParse(cron).error?.issues[0]?.message).toMatch(/^never fires/);
    },
  );

  it.each([
    ['', /5 fields/],
    ['5', /5 fields/],
    ['@daily', /5 fields/],
    ['* * * * * * *', /5 fields/],
    ['61 * * * *', /expected range 0-59/],
    ['a b c d e', /Invalid characters/],
    ['*/0 * * * *', /every 0 time/],
  ])('%j is refused, with the reason', (cron, reason) => {
    expect(cronSchema.safeParse(cron).error?.issues[0]?.message).toMatch(reason);
  });

  it('naive twin: Bull’s parser takes what never fires', () => {
    expect(() => cronParser.parseExpression('0 0 31 4,6 *')).not.toThrow();
  });
});

describe('a schedule', () => {
  it('is read in UTC unless it names a time zone', () => {
    expect(scheduleSchema.parse({ queue: 'sync', cron: '0 3 * * *' })).toEqual({
      queue: 'sync',
      cron: '0 3 * * *',
      timeZone: 'UTC',
      payload: {},
    });
  });

  it.each(['Mars/Base', '', 'UTC+99'])('is refused with the time zone %j', (timeZone) => {
    const { error } = scheduleSchema.safeParse({ queue: 'sync', cron: '0 3 * * *', timeZone });
    expect(error?.issues[0]).toMatchObject({ path: ['timeZone'], message: expect.stringContaining('IANA') });
  });
});

describe('the ticks', () => {
  const nightly = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };

  it('are of the time zone, and follow its daylight saving', () => {
    expect(iso(tickAfter(nightly, at('2026-01-10T00:00:00Z')))).toBe('2026-01-10T01:30:00.000Z');
    expect(iso(tickAfter(nightly, at('2026-07-10T00:00:00Z')))).toBe('2026-07-10T00:30:00.000Z');
  });

  it('of a night without that hour come once, and so do those of a night that has it twice', () => {
    const ticksFrom = (from: string, to: string) => {
      const ticks: string[] = [];
      for (let ms = tickAfter(nightly, at(from)); ms < at(to); ms = tickAfter(nightly, ms))
        ticks.push(iso(ms));
      return ticks;
    };
    expect(ticksFrom('2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z')).toHaveLength(1);
    expect(ticksFrom('2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z')).toHaveLength(1);
  });

  it('are missing three times when a schedule is overdue, however irregular they are', () => {
    const workdays = { cron: '0 9 * * 1-5', timeZone: 'UTC' };
    // A Friday: the third tick after it is that of the next Wednesday.
    expect(iso(overdueAfter(workdays, at('2026-11-27T09:00:01Z')))).toBe('2026-12-02T09:00:00.000Z');
  });
});
