import type { QueueScript } from './operating.connection.js';

/**
 * What one queue looks like at one moment. KEYS: wait, paused, active, delayed, failed, meta-paused, workers; then the
 * prefix of job keys. ARGV[1]: how long a heartbeat counts, ms.
 *
 * The job that is next in line stands at the right end. It has waited since it was added, or since it was last started
 * when this is not its first try: Bull keeps no time of a job's return to the line.
 */
export const QUEUE_STATE: QueueScript = {
  keys: 8,
  lua: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local oldest = -1
    local next = redis.call('LINDEX', KEYS[1], -1) or redis.call('LINDEX', KEYS[2], -1)
    if next then
      local added = redis.call('HMGET', KEYS[8] .. next, 'timestamp', 'processedOn')
      local since = math.max(tonumber(added[1]) or now, tonumber(added[2]) or 0)
      oldest = math.max(0, now - since)
    end
    return {
      redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]), redis.call('LLEN', KEYS[3]),
      redis.call('ZCARD', KEYS[4]), redis.call('ZCARD', KEYS[5]), redis.call('EXISTS', KEYS[6]),
      oldest, redis.call('ZCOUNT', KEYS[7], '(' .. (now - ARGV[1]), '+inf')
    }
  `,
};
