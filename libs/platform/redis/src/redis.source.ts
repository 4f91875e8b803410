import { ConfigurationError, withDeadline } from '@fourfold/kernel';
import { Redis, type RedisOptions as ClientOptions } from 'ioredis';
import { repaired, timeHandshakeOnly } from './client-repairs.js';
import { connectorTo } from './located.connector.js';
import { broughtBy } from './brought-client.js';
import { MasterLocator } from './master.locator.js';
import { parseRedisOptions, type RedisOptions, wrongRedis } from './redis.options.js';
import { credentials, parseRedisUrl, type RedisAddress } from './redis-url.js';

export interface RedisUse {
  readonly redis: RedisOptions;
  /** What the option is called, for errors: `redis (CACHE_REDIS_URL)`. */
  readonly option: string;
  /** Every key of the caller begins with it. On a Cluster it must have a hash tag, so that they all share one slot. */
  readonly prefix: string;
}

export interface Deadline {
  /** Milliseconds. */
  readonly deadlineMs: number;
  /** Commands were sent and nothing came back for so long: a new connection is made. Milliseconds. Default: never. */
  readonly silenceMs?: number;
}

/** Up to 2 s apart: a server that is back is noticed soon, one that is gone costs little. */
const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000);

/** For all that is asked at start. */
const CHECK_MS = 2_000;

/** Another server takes the writes now, or will: the next connect finds it. */
const ELSEWHERE = /^(READONLY|MOVED|CLUSTERDOWN|MASTERDOWN)/;
/** The slot is on its way from one node to another: a script whose keys are in both can't run until it has arrived. */
const UNDER_WAY = /^(ASK|TRYAGAIN)/;

/** Nothing waits for a Redis that is away, and nothing sent before a break is sent again after it. */
const impatient = ({ deadlineMs, silenceMs }: Deadline): ClientOptions => ({
  lazyConnect: true,
  enableOfflineQueue: false,
  // With more, ioredis forgets what was in flight without a word when it connects again.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  commandTimeout: deadlineMs,
  connectTimeout: 1_000,
  // A server that hangs never ends its side of the connection.
  disconnectTimeout: deadlineMs,
  keepAlive: 5_000,
  ...(silenceMs !== undefined && { socketTimeout: silenceMs }),
  retryStrategy,
  // Connect anew, and fail the command.
  reconnectOnError: ({ message }) => ELSEWHERE.test(message),
});

/** Commands wait for as long as it takes, and those without an answer are sent again after a break. */
const patient = (silenceMs: number): ClientOptions => ({
  lazyConnect: false,
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  // Without a ready check, ioredis says `ready` when its greeting has failed too: of a client that was ended meanwhile.
  disableClientInfo: true,
  socketTimeout: silenceMs,
  retryStrategy,
  // 2: connect anew, and send the command again.
  reconnectOnError: ({ message }) => (ELSEWHERE.test(message) || UNDER_WAY.test(message) ? 2 : false),
});

/**
 * Makes every client of one Redis: alone, named by Sentinels, in a Cluster, or brought by the caller. Each connects to
 * the one server that takes writes, and goes on trying without end. Those of `failFast` and `subscriber` begin when
 * `connect()` is called.
 */
export class RedisSource {
  private readonly make: (options: ClientOptions) => Redis;
  private readonly locator: MasterLocator | undefined;

  /** @throws ConfigurationError */
  constructor({ redis, option, prefix }: RedisUse) {
    const address = addressOf(redis, option);
    if (typeof address === 'function') {
      this.make = address;
      return;
    }
    const { kind, endpoints, server } = address;
    if (kind === 'cluster' && !/\{[^}]+\}/.test(prefix))
      throw wrongRedis(
        option,
        `on a Redis Cluster the prefix must have a hash tag in braces, e.g. {shop}; it is "${prefix}"`,
      );
    const locator = new MasterLocator(address, option, prefix);
    const where = kind === 'server' ? endpoints[0] : { Connector: connectorTo(locator, server.tls) };
    this.locator = locator;
    this.make = (options) => new Redis({ ...server, ...where, ...options });
  }

  /**
   * For what must not wait: a command is refused at once while there is no connection, and rejected after `deadlineMs`.
   * @param deadlineOf `handshake`: the caller has its own deadline for what comes after it
   */
  failFast(deadline: Deadline, deadlineOf: 'command' | 'handshake' = 'command'): Redis {
    const client = repaired(this.make(impatient(deadline)));
    return deadlineOf === 'command' ? client : timeHandshakeOnly(client, deadline.deadlineMs);
  }

  /** For pub/sub: to be subscribed anew at each `ready`, since messages may have been missed by then. */
  subscriber(deadline: Deadline): Redis {
    return this.failFast(deadline, 'handshake');
  }

  /**
   * For what waits for Redis, as Bull's clients do. Connects at once.
   * @param silenceMs with `blocksMs`, for which silence is what was asked for: after it a new connection is made
   */
  waiting({ silenceMs, blocksMs = 0 }: { silenceMs: number; blocksMs?: number }): Redis {
    const client = repaired(this.make(patient(silenceMs + blocksMs)));
    // One of the caller's that was made to connect later.
    if (client.status === 'wait') client.connect().catch(() => {});
    return client;
  }

  /**
   * Asks at start for what no waiting would cure: a master that the Sentinels don't know, slots that no node has, a
   * password or certificate that is refused. A Redis that is away is no fault; the clients wait for it.
   * @throws ConfigurationError, within 2 s
   */
  async check(): Promise<void> {
    if (this.locator === undefined) return;
    try {
      await withDeadline(this.locator.check(), CHECK_MS, () => new Error('The Redis is away.'));
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
    }
  }
}

/** @returns a function that makes clients where the caller brings them */
function addressOf(redis: RedisOptions, option: string): RedisAddress | ((options: ClientOptions) => Redis) {
  const { url = '', username, password, tls, client } = parseRedisOptions(redis, option);
  if (client) return broughtBy(client, option);
  const address = parseRedisUrl(url);
  const secure = tls && { tls };
  return {
    ...address,
    server: { ...address.server, ...credentials(username, password), ...secure },
    sentinel: { ...address.sentinel, ...secure },
  };
}
