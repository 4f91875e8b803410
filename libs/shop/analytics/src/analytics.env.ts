import { z } from 'zod';

/** The environment variables of the log, to be spread into the worker's own schema. */
export const analyticsEnv = {
  /** For how many days the events of orders are kept. */
  ANALYTICS_KEEP_DAYS: z.coerce.number().int().min(1).default(90),
};
