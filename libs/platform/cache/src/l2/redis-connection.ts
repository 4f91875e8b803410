import { openRedis } from '@fourfold/kernel';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import { Redis, type RedisOptions } from 'ioredis';

/** Nothing waits for a Redis that is away, and nothing sent before a break is sent again after it. */
function connectionOptions(commandTimeoutMs: number): RedisOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    // With more, ioredis forgets what was in flight without a word when it connects again.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 1_000,
    // A server that hangs never ends its side of the connection.
    disconnectTimeout: commandTimeoutMs,
    keepAlive: 5_000,
    // Up to 2 s apart: a server that is back is noticed soon, one that is gone costs little.
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000),
    // A failover can leave us on a node that has become a replica: connect again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

const open = (redisUrl: string, commandTimeoutMs: number): Redis =>
  openRedis<Redis, RedisOptions>(Redis, redisUrl, connectionOptions(commandTimeoutMs));

/** A connection for pub/sub, not opened yet. Its user decides how long to wait for an answer. */
export function openSubscriber(redisUrl: string, commandTimeoutMs: number): Redis {
  return withoutTimeout(open(redisUrl, commandTimeoutMs), commandTimeoutMs);
}

/**
 * The client of a `cache-manager-ioredis-yet` store, not opened yet. Only the client is used: the store's own decoding
 * runs code that it finds in values.
 */
export function openClient(redisUrl: string, commandTimeoutMs: number): Redis {
  const { client } = redisInsStore(open(redisUrl, commandTimeoutMs));
  return withoutTimeout(client as Redis, commandTimeoutMs);
}

/**
 * ioredis's own deadline is for the handshake: from then on it would end commands of a busy process whose answers wait in
 * the socket.
 */
function withoutTimeout(client: Redis, commandTimeoutMs: number): Redis {
  client.on('ready', () => delete client.options.commandTimeout);
  client.on('close', () => (client.options.commandTimeout = commandTimeoutMs));
  return client;
}
