import { redisInsStore } from 'cache-manager-ioredis-yet';
import { Redis, type RedisOptions } from 'ioredis';
import { ATTACH, DISCARD, FILL, INVALIDATE, PUT, READ_OR_LEASE, RELEASE } from './lease.lua.js';

type Argument = string | number | Buffer;
/** `leaseRead`'s answer: a hit with bytes and the milliseconds left, a lease, or somebody else's lease. */
export type ReadReply = [1, Buffer, number] | [2] | [0];

/** What `defineCommand` adds to the client. */
export interface LeaseClient extends Redis {
  leaseReadBuffer(...args: Argument[]): Promise<ReadReply>;
  leaseFill(...args: Argument[]): Promise<number>;
  leaseRelease(...args: Argument[]): Promise<number>;
  leasePut(...args: Argument[]): Promise<number>;
  leaseDiscard(...args: Argument[]): Promise<number>;
  leaseInvalidate(...args: Argument[]): Promise<number>;
  leaseAttach(...args: Argument[]): Promise<number>;
}

/** Nothing waits for a Redis that is away, and nothing sent before a break is sent again after it. */
function connectionOptions(commandTimeoutMs: number): RedisOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
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

/** A connection for pub/sub, not opened yet. */
export function openSubscriber(redisUrl: string, commandTimeoutMs: number): Redis {
  return new Redis(redisUrl, connectionOptions(commandTimeoutMs));
}

/**
 * The client of a `cache-manager-ioredis-yet` store, not opened yet, with the lease scripts on it. Only the client is
 * used: the store's own decoding runs code that it finds in values.
 */
export function openLeaseClient(redisUrl: string, commandTimeoutMs: number): LeaseClient {
  const store = redisInsStore(new Redis(redisUrl, connectionOptions(commandTimeoutMs)));
  const client = store.client as Redis as LeaseClient;
  client.defineCommand('leaseRead', { lua: READ_OR_LEASE, numberOfKeys: 3 });
  client.defineCommand('leaseFill', { lua: FILL, numberOfKeys: 3 });
  client.defineCommand('leaseRelease', { lua: RELEASE, numberOfKeys: 3 });
  client.defineCommand('leasePut', { lua: PUT, numberOfKeys: 3 });
  client.defineCommand('leaseDiscard', { lua: DISCARD, numberOfKeys: 1 });
  client.defineCommand('leaseInvalidate', { lua: INVALIDATE, numberOfKeys: 2 });
  client.defineCommand('leaseAttach', { lua: ATTACH, numberOfKeys: 2 });
  return client;
}
