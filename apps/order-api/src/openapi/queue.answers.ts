import { z } from 'zod';

const count = z.int().min(0);

/** A queue as all processes share it. */
export const queue = z.object({
  name: z.string(),
  counts: z.object({
    waiting: count,
    active: count,
    delayed: count.describe('Not due yet; most of them wait for their next try'),
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
});

export const queuePause = z.object({
  name: z.string(),
  paused: z.boolean(),
  changed: z.boolean().describe('False when it was so already'),
});
