import { cacheEnv } from '@fourfold/cache';
import { consistencyEnv, databaseEnv } from '@fourfold/db-routing';
import { parseEnv } from '@fourfold/kernel';
import { portVariable, serviceEnv } from '@fourfold/observability';
import { shardUrlsSchema } from '@fourfold/sharding';
import { z } from 'zod';

const schema = z
  .object({
    ...serviceEnv,
    ...databaseEnv,
    ...consistencyEnv,
    ...cacheEnv,
    PORT: portVariable,
    SHARD_URLS: shardUrlsSchema,
    /** Keys that tokens are signed with: a URL in production, a file in development. */
    AUTH_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
    AUTH_JWKS_FILE: z.string().optional(),
    AUTH_ISSUER: z.string().min(1),
    AUTH_AUDIENCE: z.string().min(1),
  })
  .refine((env) => (env.AUTH_JWKS_URL === undefined) !== (env.AUTH_JWKS_FILE === undefined), {
    message: 'set exactly one of AUTH_JWKS_URL and AUTH_JWKS_FILE',
    path: ['AUTH_JWKS_URL'],
  });

export type OrderApiConfig = z.output<typeof schema>;

/** Read once; nothing else looks at the environment. */
export const config: OrderApiConfig = parseEnv('order-api', schema, process.env);
