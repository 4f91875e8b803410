import { z } from 'zod';

const count = z.int().min(0);

const time = z.iso.datetime();

const schedule = z.object({
  cron: z.string(),
  timeZone: z.string(),
  nextRunAt: time.nullable().describe('In the past while no worker takes it'),
  lastRun: z
    .object({
      startedAt: time,
      endedAt: time.nullable(),
      outcome: z
        .enum(['running', 'succeeded', 'failed', 'interrupted'])
        .describe('interrupted: its worker is gone, and its job is delivered again'),
    })
    .nullable(),
  lastSuccessAt: time.nullable(),
  since: time.describe('When a worker first declared it'),
  overdueAfter: time.describe('The third tick after the last success'),
});

/** A queue as all processes share it. */
export const queue = z
  .object({
    name: z.string(),
    counts: z.object({
      waiting: count,
      active: count,
      delayed: count.describe(
        'Not due yet: most of them wait for their next try; the next run of a schedule',
      ),
      failed: count,
      paused: count.describe('What waits on a queue that is paused'),
    }),
    paused: z.boolean(),
    oldestWaitingMs: count.nullable().describe('Of the job that is next in line; null when none waits'),
    workers: count.describe('Processes that work it off, by their heartbeats of the last 15 s'),
    concurrency: count.describe('Jobs at once in one worker process'),
    attempts: count.describe('The first try included'),
    priority: z.enum(['high', 'normal', 'low']),
    isolation: z.enum(['in-process', 'child-process']),
    schedule: schedule.nullable().describe('Null for a queue that nothing runs by the clock'),
  })
  .meta({ id: 'Queue' });

export const runNow = z.object({
  name: z.string(),
  messageId: z.string().describe('Of the run, in the logs of the workers'),
});

export const queuePause = z.object({
  name: z.string(),
  paused: z.boolean(),
  changed: z.boolean().describe('False when it was so already'),
});
