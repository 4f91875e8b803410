import type { z } from 'zod';
import type { BackOff } from './back-off.js';
import { type AutoRedrive, DEFAULT_AUTO_REDRIVE } from './dead-letters/auto-redrive.js';

/** Which waiting job gets a free slot of the process first. */
export type PriorityClass = 'high' | 'normal' | 'low';

/**
 * Where a queue's handler runs. `in-process`: beside all others, cheap; a handler that never settles costs the whole
 * process at its hard limit. `child-process`: in a child that is killed at the hard limit and replaced from time to
 * time, for heavy work.
 */
export type Isolation = 'in-process' | 'child-process';

export interface QueueDefinition<P extends object = object> {
  /** One queue per task: Bull runs jobs without a priority after all others, and counts concurrency per name. */
  readonly name: string;
  readonly payload: z.ZodType<P>;
  /** Jobs at once in one worker process. */
  readonly concurrency: number;
  /** First try included: three retries are 4. */
  readonly attempts: number;
  readonly backOff: BackOff;
  /** After this long the handler's signal is aborted: it is asked to stop. Milliseconds. */
  readonly softLimitMs: number;
  /** After this long it is stopped, and the job is dead with reason `timeout`. Milliseconds. */
  readonly hardLimitMs: number;
  readonly priority: PriorityClass;
  readonly isolation: Isolation;
  /** What happens to a job that is out of attempts before an operator is needed. */
  readonly autoRedrive: AutoRedrive;
}

const MINUTE_MS = 60_000;

/** Declares a queue: what travels on it, and how it is worked off. */
export function defineQueue<P extends object>(
  definition: Pick<QueueDefinition<P>, 'name' | 'payload'> & Partial<QueueDefinition<P>>,
): QueueDefinition<P> {
  return {
    concurrency: 5,
    attempts: 4,
    backOff: { baseMs: 1_000, capMs: 600_000 },
    softLimitMs: 25 * MINUTE_MS,
    hardLimitMs: 30 * MINUTE_MS,
    priority: 'normal',
    isolation: 'in-process',
    autoRedrive: DEFAULT_AUTO_REDRIVE,
    ...definition,
  };
}
