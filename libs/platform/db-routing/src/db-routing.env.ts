import { z } from 'zod';
import { engine, mysqlUrl } from './db-routing.options.js';

/** The environment variables of the main cluster, to be spread into an app's own schema. */
export const databaseEnv = {
  /** What primary and replicas are. */
  DB_ENGINE: engine,
  DB_PRIMARY_URL: mysqlUrl,
  DB_REPLICA_URLS: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((url) => url !== ''))
    .pipe(z.array(mysqlUrl)),
  /** `user:password`. */
  DB_MONITOR_ACCOUNT: z
    .string()
    .regex(/^[^:]+:.*$/, 'must be user:password')
    .transform((account) => {
      const colon = account.indexOf(':');
      return { user: account.slice(0, colon), password: account.slice(colon + 1) };
    })
    .optional(),
};

/** What `DbRoutingModule` takes of them. */
export const databaseOptionsOf = (env: z.output<z.ZodObject<typeof databaseEnv>>) => ({
  engine: env.DB_ENGINE,
  primaryUrl: env.DB_PRIMARY_URL,
  replicas: env.DB_REPLICA_URLS,
  monitor: env.DB_MONITOR_ACCOUNT,
});

/** The environment variables of read-your-writes, to be spread into an app's own schema. */
export const consistencyEnv = {
  /** Comma list: the first one signs, all of them verify. */
  CONSISTENCY_TOKEN_SECRETS: z
    .string()
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .pipe(z.array(z.string().min(32, 'must have at least 32 characters'))),
  /** 0 turns it off. */
  STICKY_WINDOW_MS: z.coerce.number().int().nonnegative().default(2_000),
};
