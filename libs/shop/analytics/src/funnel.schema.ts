import { z } from 'zod';

export const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;
/** Each event of the range is read: a week of a busy shop takes a replica a few seconds. */
const MOST_HOURS = 7 * 24;

const hour = z.iso
  .datetime({ error: 'must be a time in UTC, such as 2026-11-29T10:00:00Z', abort: true })
  .refine((text) => Date.parse(text) % HOUR_MS === 0, 'must be a whole hour');

export interface FunnelRange {
  /** Begin of the first hour. */
  from: Date;
  /** End of the last hour. */
  to: Date;
}

/** `from` included, `to` not; without `to` up to now, without `from` the 24 hours before `to`. */
export const funnelQuery = z
  .strictObject({ from: hour.optional(), to: hour.optional() })
  .transform(({ from, to }): FunnelRange => {
    const toMs = to === undefined ? Math.ceil(Date.now() / HOUR_MS) * HOUR_MS : Date.parse(to);
    const fromMs = from === undefined ? toMs - DEFAULT_HOURS * HOUR_MS : Date.parse(from);
    return { from: new Date(fromMs), to: new Date(toMs) };
  })
  .superRefine(({ from, to }, context) => {
    const hours = (to.getTime() - from.getTime()) / HOUR_MS;
    if (hours < 1) context.addIssue({ code: 'custom', path: ['to'], message: 'must be after from' });
    if (hours > MOST_HOURS)
      context.addIssue({
        code: 'custom',
        path: ['to'],
        message: `must be within ${MOST_HOURS} hours of from`,
      });
  });
