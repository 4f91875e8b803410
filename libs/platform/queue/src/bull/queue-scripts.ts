/** Bull's own keys of a queue, and ours beside them. */
export function queueKey(prefix: string, queue: string, key: string): string {
  return `${prefix}:${queue}:${key}`;
}

/** A sorted set: a member for each process with a processor of the queue, scored by its last heartbeat in Redis' own time, ms. */
export const workersKey = (prefix: string, queue: string): string => queueKey(prefix, queue, 'workers');

/**
 * Moves what waits from one list to the other and sets or takes away the mark, for all workers at once. KEYS: from, to,
 * meta-paused, meta, the event's channel. ARGV[1]: `paused` or `resumed`. Returns 1 when that was news.
 *
 * Bull's own script renames the list, over whatever the other one holds: pausing a paused queue, of which a job has got
 * into the line meanwhile (handed back in the moment of the first pause, say), loses all that was waiting. Here the two
 * are joined, in order: what waits already comes before what is moved.
 */
export const SET_PAUSED = {
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

/** What is shown of a schedule's hash: see `schedule-scripts.ts`. */
export const SCHEDULE_FIELDS = [
  'spec',
  'since',
  'startedAt',
  'endedAt',
  'outcome',
  'succeededAt',
  'overdueAfter',
] as const;

/**
 * What one queue looks like at one moment. KEYS: wait, paused, active, delayed, failed, meta-paused, workers, schedule,
 * repeat; then the prefix of job keys. ARGV[1]: how long a heartbeat counts, ms. After the figures come, of a queue with a
 * schedule, its next tick, whether a run is under way, and the fields of `SCHEDULE_FIELDS`.
 *
 * The job that is next in line stands at the right end. It has waited since it was due, or since it was last started
 * when this is not its first try: Bull keeps no time of a job's return to the line.
 */
export const QUEUE_STATE = {
  keys: 10,
  lua: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local oldest = -1
    local next = redis.call('LINDEX', KEYS[1], -1) or redis.call('LINDEX', KEYS[2], -1)
    if next then
      local added = redis.call('HMGET', KEYS[10] .. next, 'timestamp', 'processedOn', 'opts')
      local delay = added[3] and tonumber(cjson.decode(added[3]).delay) or 0
      local due = (tonumber(added[1]) or now) + delay
      local since = math.max(due, tonumber(added[2]) or 0)
      oldest = math.max(0, now - since)
    end
    local schedule, tick, running = false, false, 0
    if redis.call('EXISTS', KEYS[8]) == 1 then
      schedule = redis.call('HMGET', KEYS[8], ${SCHEDULE_FIELDS.map((field) => `'${field}'`).join(', ')})
      tick = redis.call('ZRANGE', KEYS[9], 0, 0, 'WITHSCORES')[2] or false
      local job = redis.call('HGET', KEYS[8], 'running')
      running = job and redis.call('EXISTS', KEYS[10] .. job .. ':lock') or 0
    end
    return {
      redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]), redis.call('LLEN', KEYS[3]),
      redis.call('ZCARD', KEYS[4]), redis.call('ZCARD', KEYS[5]), redis.call('EXISTS', KEYS[6]),
      oldest, redis.call('ZCOUNT', KEYS[7], '(' .. (now - ARGV[1]), '+inf'),
      tick, running, schedule
    }
  `,
};
