import type { QueueScript } from './operating.connection.js';

/**
 * Says that a process works a queue off. KEYS[1]: workers. ARGV: the process, how long its heartbeat counts in ms.
 * By Redis' own time: clocks of processes differ. What counts no more is forgotten.
 */
export const BEAT: QueueScript = {
  keys: 1,
  lua: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  `,
};

/** KEYS[1]: workers. ARGV[1]: the process, which works the queue off no more. */
export const LEAVE: QueueScript = { keys: 1, lua: `redis.call('ZREM', KEYS[1], ARGV[1])` };
