import { z } from 'zod';

/** TCP port as an environment variable. */
export const portVariable = z.coerce
  .number({ error: 'must be a TCP port, 1 to 65535' })
  .int()
  .min(1)
  .max(65_535);

/** What every service reads from its environment, to be spread into an app's own schema. */
export const serviceEnv = {
  HOST: z.string().default('0.0.0.0'),
  MANAGEMENT_PORT: portVariable,
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
};
