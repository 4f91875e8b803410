import { z } from 'zod';

const SENTINELS =
  /^redis\+sentinel:\/\/(?:([^:@/,]*):([^@/,]+)@)?([^@/?#]+)\/([\w.-]+)(?:\/(\d+))?(?:\?(.*))?$/;
const DEFAULT_PORT = 26_379;
/** For an answer of a Sentinel: one that hangs must not keep the others from being asked. */
const COMMAND_TIMEOUT_MS = 2_000;
const FORMS =
  'must be a URL like redis://host:6379, rediss://host:6379 or redis+sentinel://host:26379,host:26379/master-name';

/** Options of ioredis, for the Redis that Sentinels name as the master. */
interface SentinelOptions {
  readonly sentinels: { host: string; port: number }[];
  /** What the Sentinels call the master. */
  readonly name: string;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly sentinelPassword?: string;
  readonly sentinelCommandTimeout: number;
}

/** A variable that holds the address of a Redis, or of the Sentinels that know it. */
export const redisUrlSchema: z.ZodType<string> = z.string().refine(isRedisUrl, FORMS);

function isRedisUrl(url: string): boolean {
  if (sentinelOptionsOf(url) !== undefined) return true;
  return /^rediss?:\/\//.test(url) && URL.canParse(url);
}

/**
 * The options for a URL that names Sentinels; undefined for any other, which ioredis reads itself.
 * `redis+sentinel://:password@host:26379,host:26379/master-name/0?sentinelPassword=…`: the password is that of Redis.
 */
export function sentinelOptionsOf(url: string): SentinelOptions | undefined {
  const [, username = '', password = '', hosts, name, db, query] = SENTINELS.exec(url) ?? [];
  const sentinels = hosts?.split(',').map(addressOf);
  const parameters = new URLSearchParams(query);
  const sentinelPassword = parameters.get('sentinelPassword');
  parameters.delete('sentinelPassword');
  const [user, secret] = [decoded(username), decoded(password)];
  if (name === undefined || parameters.size > 0 || user === undefined || secret === undefined)
    return undefined;
  if (!sentinels?.every((one) => one !== undefined)) return undefined;
  return {
    sentinels,
    name,
    ...(user ? { username: user } : {}),
    ...(secret ? { password: secret } : {}),
    ...(db ? { db: Number(db) } : {}),
    ...(sentinelPassword ? { sentinelPassword } : {}),
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
  };
}

/**
 * Makes a client of ioredis.
 * @param Redis its class, which the kernel has no copy of
 * @param url as `redisUrlSchema` takes it
 */
export function openRedis<R, O extends object>(
  Redis: { new (url: string, options: O): R; new (options: O): R },
  url: string,
  options: O,
): R {
  const sentinel = sentinelOptionsOf(url);
  return sentinel === undefined ? new Redis(url, options) : new Redis({ ...options, ...sentinel });
}

/** @returns undefined where a `%` does not begin an encoded character */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function addressOf(text: string): { host: string; port: number } | undefined {
  const [, host, port = DEFAULT_PORT] =
    /^([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  if (host === undefined || Number(port) === 0 || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}
