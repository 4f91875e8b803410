import { LONGEST_TIMER_MS, parseOptions } from '@fourfold/kernel';
import { z } from 'zod';
import { DEFAULT_AUTO_REDRIVE, NO_AUTO_REDRIVE } from './auto-redrive.js';

const MINUTE_MS = 60_000;

const count = z.int().min(1, 'must be 1 or more');
const limit = z
  .int('must be a whole number')
  .min(1, 'must be 1 ms or more')
  .max(LONGEST_TIMER_MS, 'must be below 25 days');

const optionsSchema = z
  .strictObject({
    /** One queue per task: Bull runs jobs without a priority after all others, and counts concurrency per name. */
    name: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "_" or "-"'),
    payload: z.custom<z.ZodType<object>>((value) => value instanceof z.ZodType, 'must be a Zod schema'),
    /** Jobs at once in one worker process. Default 5. */
    concurrency: count.default(5),
    /** First try included: three retries are 4. Default 4. */
    attempts: count.default(4),
    backOff: z
      .strictObject({ baseMs: z.int().min(0), capMs: limit })
      .readonly()
      .default({ baseMs: 1_000, capMs: 600_000 }),
    /** After this long the handler's signal is aborted: it is asked to stop. Milliseconds. Default 25 minutes. */
    softLimitMs: limit.default(25 * MINUTE_MS),
    /** After this long it is stopped, and the job is dead with reason `timeout`. Milliseconds. Default 30 minutes. */
    hardLimitMs: limit.default(30 * MINUTE_MS),
    /** Which waiting job gets a free slot of the process first. Default `normal`. */
    priority: z.enum(['high', 'normal', 'low']).default('normal'),
    /**
     * Where the handler runs. `in-process` (default): beside all others, cheap; a handler that never settles costs the
     * whole process at its hard limit. `child-process`: in a child that is killed at the hard limit and replaced from
     * time to time, for heavy work.
     */
    isolation: z.enum(['in-process', 'child-process']).default('in-process'),
    /**
     * What happens to a job that is out of attempts before an operator is needed. Default: as in `DEFAULT_AUTO_REDRIVE`,
     * and nothing for a queue of one attempt, whose jobs are not to be tried again.
     */
    autoRedrive: z
      .strictObject({
        times: z.int('must be a whole number').min(0, 'must be 0 or more'),
        firstAfterMs: limit,
        capMs: limit,
      })
      .readonly()
      .default(DEFAULT_AUTO_REDRIVE),
  })
  .refine(({ softLimitMs, hardLimitMs }) => softLimitMs <= hardLimitMs, {
    error: 'must not be over hardLimitMs',
    path: ['softLimitMs'],
  });

type Settings = Readonly<Omit<z.output<typeof optionsSchema>, 'name' | 'payload'>>;
export type PriorityClass = Settings['priority'];
export type Isolation = Settings['isolation'];

export interface QueueDefinition<P extends object = object, N extends string = string> extends Settings {
  readonly name: N;
  readonly payload: z.ZodType<P>;
}

/**
 * Declares a queue: what its messages look like, and how its jobs are processed.
 * @throws ConfigurationError that names what is wrong with the declaration
 */
export function defineQueue<P extends object, const N extends string>(
  declared: Pick<QueueDefinition<P, N>, 'name' | 'payload'> & Partial<Settings>,
): QueueDefinition<P, N> {
  const { name, payload, attempts } = declared;
  const autoRedrive = attempts === 1 && { autoRedrive: NO_AUTO_REDRIVE };
  const settings = parseOptions(`Queue ${name}`, optionsSchema, { ...autoRedrive, ...declared });
  return { ...settings, name, payload };
}

const isQueue = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'name' in value && 'hardLimitMs' in value;

/** Queues in the options of a module. */
export const queuesSchema = z
  .array(z.custom<QueueDefinition>(isQueue, 'must be what defineQueue gives'))
  .refine((queues) => new Set(queues.map(({ name }) => name)).size === queues.length, {
    error: 'each name may be there once',
  })
  .readonly();
