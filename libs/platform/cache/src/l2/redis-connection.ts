import type { RedisSource } from '@fourfold/redis';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import type { Redis } from 'ioredis';

/**
 * The client of a `cache-manager-ioredis-yet` store, not opened yet. Only the client is used: the store's own decoding
 * runs code that it finds in values.
 */
export function openClient(source: RedisSource, deadlineMs: number): Redis {
  // CommandDeadline sees to the commands.
  return redisInsStore(source.failFast({ deadlineMs }, 'handshake')).client as Redis;
}
