import type { z } from 'zod';

export interface QueueDefinition<P extends object = object> {
  /** One queue per task: Bull runs jobs without a priority after all others, and counts concurrency per name. */
  readonly name: string;
  readonly payload: z.ZodType<P>;
  /** Jobs at once in one worker process. */
  readonly concurrency: number;
  /** First try included: three retries are 4. */
  readonly attempts: number;
}

/** Declares a queue: what travels on it, and how it is worked off. */
export function defineQueue<P extends object>(
  definition: Pick<QueueDefinition<P>, 'name' | 'payload'> & Partial<QueueDefinition<P>>,
): QueueDefinition<P> {
  return { concurrency: 5, attempts: 4, ...definition };
}
