import { z } from 'zod';
import type { BackOff } from './back-off.js';
import { type AutoRedrive, DEFAULT_AUTO_REDRIVE, NO_AUTO_REDRIVE } from './dead-letters/auto-redrive.js';

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
  /**
   * What happens to a job that is out of attempts before an operator is needed. Default: as in `DEFAULT_AUTO_REDRIVE`,
   * and nothing for a queue of one attempt, whose jobs are not to be tried again.
   */
  readonly autoRedrive: AutoRedrive;
}

const MINUTE_MS = 60_000;

const defaults: Omit<QueueDefinition, 'name' | 'payload'> = {
  concurrency: 5,
  attempts: 4,
  backOff: { baseMs: 1_000, capMs: 600_000 },
  softLimitMs: 25 * MINUTE_MS,
  hardLimitMs: 30 * MINUTE_MS,
  priority: 'normal',
  isolation: 'in-process',
  autoRedrive: DEFAULT_AUTO_REDRIVE,
};

/** What a timer can wait for: `setTimeout` takes anything longer for nothing at all. */
const LONGEST_MS = 2 ** 31 - 1;

const count = (what: string) => z.int().min(1, `${what} must be 1 or more`);
const limit = (what: string) =>
  z
    .int(`${what} must be a whole number`)
    .min(1, `${what} must be 1 ms or more`)
    .max(LONGEST_MS, `${what} must be below 25 days`);

const settings = z
  .object({
    name: z.string().regex(/^[\w.-]{1,64}$/, 'name must be 1 to 64 letters, digits, ".", "_" or "-"'),
    concurrency: count('concurrency'),
    attempts: count('attempts'),
    backOff: z.object({ baseMs: z.int().min(0), capMs: limit('backOff.capMs') }),
    softLimitMs: limit('softLimitMs'),
    hardLimitMs: limit('hardLimitMs'),
    priority: z.enum(['high', 'normal', 'low']),
    isolation: z.enum(['in-process', 'child-process']),
    autoRedrive: z.object({
      times: z.int('autoRedrive.times must be a whole number').min(0, 'autoRedrive.times must be 0 or more'),
      firstAfterMs: limit('autoRedrive.firstAfterMs'),
      capMs: limit('autoRedrive.capMs'),
    }),
  })
  .refine(({ softLimitMs, hardLimitMs }) => softLimitMs <= hardLimitMs, {
    error: 'softLimitMs must not be over hardLimitMs',
  });

/**
 * Declares a queue: what travels on it, and how it is worked off.
 * @throws Error that names what is wrong with the declaration
 */
export function defineQueue<P extends object>(
  declared: Pick<QueueDefinition<P>, 'name' | 'payload'> & Partial<QueueDefinition<P>>,
): QueueDefinition<P> {
  const definition = {
    ...defaults,
    ...(declared.attempts === 1 && { autoRedrive: NO_AUTO_REDRIVE }),
    ...declared,
  };
  const { error } = settings.safeParse(definition);
  if (error)
    throw new Error(
      `Queue ${definition.name}: ${error.issues.map(({ message, path }) => message || path.join('.')).join('; ')}`,
    );
  return definition;
}
