import type { RedisOptions as ClientOptions } from 'ioredis';
import { z } from 'zod';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where a Redis is found, and how its servers are connected to. */
export interface RedisAddress {
  /** One server; Sentinels, which know the master by its name; or nodes of a Cluster. */
  readonly kind: 'server' | 'sentinel' | 'cluster';
  readonly endpoints: readonly Endpoint[];
  /** What the Sentinels call the master. */
  readonly name?: string;
  /** User, password, database, TLS. */
  readonly server: ClientOptions;
  readonly sentinel: ClientOptions;
  /** Where a server or a Sentinel is seen from here that a Cluster or a Sentinel names. */
  readonly natMap?: (hostAndPort: string) => Endpoint | null | undefined;
}

const FORMS =
  'redis://host:6379, redis+sentinel://host:26379,host:26379/master-name or redis+cluster://host:6379,host:6379; with TLS rediss://, rediss+sentinel://, rediss+cluster://';
const SCHEME = /^(rediss?)(?:\+(sentinel|cluster))?:$/;
const PARTS = /^([^:/?#]+:)\/\/(?:([^:@/,]*):([^@/,]+)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const PATHS = {
  server: /^(?<db>\d+)?$/,
  sentinel: /^(?<name>[\w.-]+)(?:\/(?<db>\d+))?$/,
  // A Cluster has one database.
  cluster: /^0?$/,
};
const PATH_RULES = {
  server: 'after the host may be the number of a database alone',
  sentinel: "after the Sentinels must be the master's name, then the number of a database may follow",
  cluster: 'after the nodes must be nothing: a Cluster has database 0 alone',
};

/** The address of a Redis as one text, e.g. an environment variable. */
export const redisUrlSchema: z.ZodType<string> = z.string().superRefine((url, context) => {
  try {
    parseRedisUrl(url);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/**
 * Reads `redis[s][+sentinel|+cluster]://[user:password@]host[:port],…[/name][/db]`. The user and the password are those
 * of Redis, percent-encoded; those of Sentinels are `?sentinelUsername=…&sentinelPassword=…`.
 * @throws Error that says what is wrong and what is allowed, without the URL: it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, user = '', secret = '', hosts, path = '', query = ''] = PARTS.exec(url) ?? [];
  if (scheme === undefined || hosts === undefined) throw wrong('it is not a URL of a Redis');
  const [, protocol, variant = 'server'] = SCHEME.exec(scheme) ?? [];
  if (protocol === undefined) throw wrong(`the scheme "${scheme}//" is unknown`);
  const kind = variant as RedisAddress['kind'];
  const endpoints = hosts.split(',').map((text) => endpointOf(text, kind === 'sentinel' ? 26_379 : 6_379));
  if (kind === 'server' && endpoints.length > 1) throw wrong('several hosts are Sentinels or a Cluster');
  const found = PATHS[kind].exec(path);
  if (found === null) throw wrong(PATH_RULES[kind]);
  const { name, db } = found.groups ?? {};
  const { sentinelUsername, sentinelPassword, ...unknown } = Object.fromEntries(new URLSearchParams(query));
  const isSentinel = kind === 'sentinel';
  if (Object.keys(unknown).length > 0 || (query !== '' && !isSentinel))
    throw wrong('parameters may be sentinelUsername and sentinelPassword, with Sentinels alone');
  const tls = protocol === 'rediss' ? { tls: {} } : {};
  return {
    kind,
    endpoints,
    ...(name && { name }),
    server: { ...credentials(decoded(user), decoded(secret)), ...(db && { db: Number(db) }), ...tls },
    sentinel: { ...credentials(sentinelUsername, sentinelPassword), ...tls },
  };
}

/** An empty one is none. */
export const credentials = (username?: string, password?: string): ClientOptions => ({
  ...(username && { username }),
  ...(password && { password }),
});

function endpointOf(text: string, defaultPort: number): Endpoint {
  const [, host, port = defaultPort] = /^([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  if (host === undefined || Number(port) === 0 || Number(port) > 65_535)
    throw wrong('each host is a name or address, with a port from 1 to 65535 after a colon');
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('user and password must be percent-encoded');
  }
}

const wrong = (what: string): Error => new Error(`must be a URL like ${FORMS}: ${what}`);
