import { ConfigurationError, parseOptions } from '@fourfold/kernel';
import type { Cluster, Redis } from 'ioredis';
import { z } from 'zod';
import { parseRedisUrl, redisUrlSchema } from './redis-url.js';

/** Refuses what it does not know, and says what it does. */
const options = <S extends z.ZodRawShape>(shape: S) => {
  const allowed = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `there is no option ${String(keys)}; there are ${allowed}`
        : `must be an object of ${allowed}`,
  });
};

const pem = z.union([z.string(), z.instanceof(Buffer)]);

const tlsSchema = options({
  /** PEM, as the next two. Default: the authorities of Node.js, and those of `NODE_EXTRA_CA_CERTS`. */
  ca: pem.optional(),
  cert: pem.optional(),
  key: pem.optional(),
  /** The name that the certificate must have. Default: the host. */
  servername: z.string().optional(),
  /** false: any certificate will do. Default true. */
  rejectUnauthorized: z.boolean().optional(),
});

const settingsShape = {
  url: redisUrlSchema.optional(),
  /** In place of those in the URL. */
  username: z.string().optional(),
  password: z.string().optional(),
  /** For `rediss://` and its variants. */
  tls: tlsSchema.optional(),
  /** A new client at each call. Of a Cluster or Sentinels, their addresses and options are taken, and connections made from them. */
  client: z
    .custom<() => Redis | Cluster>((value) => typeof value === 'function', 'must be a function')
    .optional(),
};

/** For the errors of a library that has options beside them. */
export const redisOptionNames: readonly string[] = Object.keys(settingsShape);

const settingsSchema = options(settingsShape)
  .refine(
    ({ client, ...others }) => (others.url === undefined) !== (client === undefined),
    'needs a url or a client',
  )
  .refine(
    ({ client, ...others }) => client === undefined || Object.keys(others).length === 0,
    'a client is all there may be',
  )
  .refine(
    ({ url, tls }) => !url || !tls || parseRedisUrl(url).server.tls,
    'tls needs rediss:// or a variant',
  );

type Settings = z.output<typeof settingsSchema>;

/** A Redis: its URL, its URL with more, or a function that makes clients. */
export type RedisOptions =
  string | (Omit<Settings, 'url' | 'client'> & { url: string }) | Required<Pick<Settings, 'client'>>;

const settingsOf = (given: RedisOptions): Settings => (typeof given === 'string' ? { url: given } : given);

/** To be a field of a library's own schema. */
export const redisOptionsSchema: z.ZodType<RedisOptions, RedisOptions> = z
  .custom<RedisOptions>()
  .superRefine((given, context) => {
    const { error } = settingsSchema.safeParse(settingsOf(given));
    for (const { path, message } of error?.issues ?? [])
      context.addIssue({ code: 'custom', message, path: typeof given === 'string' ? [] : path });
  });

/** @throws ConfigurationError that names `option`, and in it what is wrong */
export function parseRedisOptions(given: RedisOptions, option: string): Settings {
  parseOptions(CLIENT, z.strictObject({ [option]: redisOptionsSchema }), { [option]: given });
  return settingsOf(given);
}

const CLIENT = 'Client of Redis';

/** What is configured describes no Redis that can be used; one that is merely away is no such fault. */
export const wrongRedis = (option: string, problem: string): ConfigurationError =>
  new ConfigurationError(CLIENT, [`${option}: ${problem}`], 'options');
