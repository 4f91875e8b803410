import cronParser from 'cron-parser';
import { z } from 'zod';

/** What Bull gives a repeatable job that was added without a time zone would be the zone of the process. */
const DEFAULT_TIME_ZONE = 'UTC';
/** A schedule that has not succeeded by this many of its ticks is overdue. */
const TICKS_UNTIL_OVERDUE = 3;

/**
 * A cron expression: five fields (minute, hour, day of the month, month, day of the week), or six that begin with the
 * second. One that is malformed or never fires (`0 0 31 2 *`) is refused: Bull would take the second kind and never run.
 */
export const cronSchema = z
  .string()
  .trim()
  .superRefine((cron, context) => {
    const problem = problemOf(cron);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** The name of a zone of the IANA database, such as `Europe/Berlin`. */
export const timeZoneSchema = z
  .string()
  .refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/Berlin');

export const scheduleSchema = z.strictObject({
  /** The name of a declared queue. It may have one schedule. */
  queue: z.string(),
  cron: cronSchema,
  /** In which the cron expression is read. Default `UTC`. */
  timeZone: timeZoneSchema.default(DEFAULT_TIME_ZONE),
  /** Of each job that the schedule adds. Default `{}`. */
  payload: z.record(z.string(), z.json()).default({}),
});

export type QueueSchedule = Readonly<z.output<typeof scheduleSchema>>;

type Times = Pick<QueueSchedule, 'cron' | 'timeZone'>;

/**
 * @param n 1 for the next tick
 * @returns the n-th tick after `afterMs`, in milliseconds
 * @throws Error for a cron expression that never fires
 */
export function tickAfter({ cron, timeZone }: Times, afterMs: number, n = 1): number {
  const ticks = cronParser.parseExpression(cron, { currentDate: new Date(afterMs), tz: timeZone });
  let tick = ticks.next();
  for (let nth = 1; nth < n; nth += 1) tick = ticks.next();
  return tick.getTime();
}

/** When a schedule that has last succeeded at `sinceMs` is overdue, in milliseconds. */
export const overdueAfter = (times: Times, sinceMs: number): number =>
  tickAfter(times, sinceMs, TICKS_UNTIL_OVERDUE);

function problemOf(cron: string): string | undefined {
  const fields = cron.split(/\s+/).length;
  // Bull's parser takes fewer, and reads `5` as the fifth day of the week.
  if (fields !== 5 && fields !== 6) return 'must be a cron expression of 5 fields, or of 6 with seconds';
  let ticks;
  try {
    ticks = cronParser.parseExpression(cron, { tz: DEFAULT_TIME_ZONE });
  } catch (error) {
    const why = (error as Error).message;
    if (why.includes('explicit day of month')) return NEVER;
    return `must be a cron expression: ${why}`;
  }
  try {
    ticks.next();
    return undefined;
  } catch {
    return NEVER;
  }
}

const NEVER = 'never fires: none of its months has such a day';

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
