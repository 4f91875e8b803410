import type { QueueScript } from './operating.connection.js';

/**
 * Moves what waits from one list to the other and sets or takes away the mark, for all workers at once. KEYS: from, to,
 * meta-paused, meta, the event's channel. ARGV[1]: `paused` or `resumed`. Returns 1 when that was news.
 *
 * Bull's own script renames the list, over whatever the other one holds: pausing a paused queue, of which a job has got
 * into the line meanwhile (handed back in the moment of the first pause, say), loses all that was waiting. Here the two
 * are joined, in order: what waits already comes before what is moved.
 */
export const SET_PAUSED: QueueScript = {
  keys: 5,
  lua: `
    if redis.call('EXISTS', KEYS[2]) == 0 then
      if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[2]) end
    else
      while redis.call('RPOPLPUSH', KEYS[1], KEYS[2]) do end
    end
    local was = redis.call('EXISTS', KEYS[3])
    local pausing = ARGV[1] == 'paused'
    if pausing then
      redis.call('SET', KEYS[3], 1)
      redis.call('HSET', KEYS[4], 'paused', 1)
    else
      redis.call('DEL', KEYS[3])
      redis.call('HDEL', KEYS[4], 'paused')
    end
    redis.call('PUBLISH', KEYS[5], ARGV[1])
    if pausing == (was == 1) then return 0 end
    return 1
  `,
};
