import { z } from 'zod';
import { defineQueue } from '../queue-definition.js';

/** Retries come at once. */
export const letters = defineQueue({
  name: 'letters',
  payload: z.object({ to: z.string() }),
  attempts: 3,
  backOff: { baseMs: 1, capMs: 2 },
});
export const parcels = defineQueue({ name: 'parcels', payload: z.object({ to: z.string() }) });

/** Its jobs run in child processes. */
export const isolated = defineQueue({
  name: 'isolated',
  payload: z.object({ to: z.string() }),
  attempts: 2,
  concurrency: 2,
  backOff: { baseMs: 1, capMs: 2 },
  isolation: 'child-process',
});
