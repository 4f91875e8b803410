import { createHash } from 'node:crypto';
import { queueKey } from './queue-scripts.js';

/*
 * What Redis has of the schedule of a queue:
 *
 *     repeat             Bull's own: a sorted set of repeatables, each scored by its next tick in ms
 *     repeat:<md5>:<ms>  Bull's own: the job of one tick
 *     schedule           a hash of ours: how it is declared, which tick has ended, which job runs, how the last run ended
 *
 * and beside the queues `<prefix>:schedules`, a set of the queues that have a schedule: one that is no longer declared is
 * found by it.
 */

export const scheduleKey = (prefix: string, queue: string): string => queueKey(prefix, queue, 'schedule');
export const repeatKey = (prefix: string, queue: string): string => queueKey(prefix, queue, 'repeat');
export const scheduledQueuesKey = (prefix: string): string => `${prefix}:schedules`;

/** Bull's name for jobs that were given none. */
const UNNAMED = '__default__';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Bull's name of a repeatable: a changed expression is another one, beside the old. */
export const repeatableOf = ({ cron, timeZone }: { cron: string; timeZone: string }): string =>
  `${UNNAMED}:::${timeZone}:${cron}`;

/** What the ids of a repeatable's jobs begin with; then comes the tick, in ms. */
export const tickIdPrefix = (repeatable: string): string => `repeat:${md5(`${UNNAMED}:${md5(repeatable)}`)}:`;

const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Queues with a schedule. KEYS[1]: the set of them. */
export const SCHEDULED_QUEUES = { keys: 1, lua: `return redis.call('SMEMBERS', KEYS[1])` };

/** How the schedule is declared, or false, and the repeatables. KEYS: schedule, repeat. */
export const DECLARED = {
  keys: 2,
  lua: `return { redis.call('HGET', KEYS[1], 'spec'), redis.call('ZRANGE', KEYS[2], 0, -1) }`,
};

/**
 * Takes a repeatable away, with the job of its next tick. KEYS: repeat, delayed. ARGV: the repeatable, what the ids of its
 * jobs begin with, the prefix of job keys, `1` to leave a job whose tick is due: it was missed, and runs once.
 */
export const RETIRE = {
  keys: 2,
  lua: `
    ${NOW}
    local tick = redis.call('ZSCORE', KEYS[1], ARGV[1])
    if not tick then return 0 end
    redis.call('ZREM', KEYS[1], ARGV[1])
    if ARGV[4] == '1' and tonumber(tick) <= now then return 1 end
    local id = ARGV[2] .. tick
    if redis.call('ZREM', KEYS[2], id) == 1 then redis.call('DEL', ARGV[3] .. id) end
    return 1
  `,
};

/** Forgets the schedule of a queue. KEYS: schedule, the set of scheduled queues. ARGV[1]: the queue. */
export const FORGET = {
  keys: 2,
  lua: `
    redis.call('DEL', KEYS[1])
    redis.call('SREM', KEYS[2], ARGV[1])
  `,
};

/**
 * Declares the schedule of a queue. KEYS: schedule, repeat, the set of scheduled queues. ARGV: the queue, what the
 * schedule is (JSON), the repeatable, what the ids of its jobs begin with, the prefix of job keys, when it is overdue, `1`
 * at the first time of a process, the payload (JSON). Returns `missing` where there is no job of the next tick, `kept` where
 * there is one, and `declared otherwise` where another worker has declared it in another way since this process' first
 * time: that one is of a newer release, and stays.
 */
export const DECLARE = {
  keys: 3,
  lua: `
    ${NOW}
    local spec = redis.call('HGET', KEYS[1], 'spec')
    if spec and spec ~= ARGV[2] and ARGV[7] ~= '1' then return 'declared otherwise' end
    redis.call('SADD', KEYS[3], ARGV[1])
    redis.call('HSETNX', KEYS[1], 'since', now)
    if spec ~= ARGV[2] then
      redis.call('HSET', KEYS[1], 'spec', ARGV[2], 'payload', ARGV[8], 'overdueAfter', ARGV[6])
    end
    local tick = redis.call('ZSCORE', KEYS[2], ARGV[3])
    if tick and redis.call('EXISTS', ARGV[5] .. ARGV[4] .. tick) == 1 then return 'kept' end
    return 'missing'
  `,
};

/**
 * Begins a run, unless it must not be. KEYS: schedule, the job. ARGV: the job's id, its tick or an empty text, the prefix of
 * job keys, the job's data. Returns `begun`, or why not:
 *
 *     removed      the queue has no schedule any more
 *     repeated     this tick, or a later one, has had its run: a worker whose clock is slow has added it again
 *     overlapping  another run is under way, or was when the tick came
 *
 * What runs is known by its id, and it runs as long as its lock is there: a worker that was killed leaves nothing behind.
 */
export const BEGIN = {
  keys: 2,
  lua: `
    ${NOW}
    local tick = tonumber(ARGV[2])
    local fields = { 'spec', 'endedTick', 'running', 'startedAt', 'endedAt' }
    local known = redis.call('HMGET', KEYS[1], unpack(fields))
    if not known[1] then return tick and 'removed' or 'begun' end
    if tick and tick <= tonumber(known[2] or 0) then return 'repeated' end
    local running, startedAt, endedAt = known[3], tonumber(known[4] or 0), tonumber(known[5] or 0)
    if running ~= ARGV[1] then
      if running and redis.call('EXISTS', ARGV[3] .. running .. ':lock') == 1 then return 'overlapping' end
      if tick and startedAt <= tick and tick < endedAt then return 'overlapping' end
    end
    redis.call('HSET', KEYS[1], 'running', ARGV[1], 'startedAt', now)
    if tick then redis.call('HSET', KEYS[2], 'data', ARGV[4]) end
    return 'begun'
  `,
};

/**
 * Ends a run. KEYS[1]: schedule. ARGV: the job's id, its tick or an empty text, `succeeded` or `failed`, `1` when it is not
 * tried again, when the schedule is overdue from now on, or an empty text from a worker that does not declare the schedule:
 * it leaves that time as it is. A run that another one has followed changes nothing.
 */
export const END = {
  keys: 1,
  lua: `
    ${NOW}
    if redis.call('HGET', KEYS[1], 'running') ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'endedAt', now, 'outcome', ARGV[3])
    if ARGV[3] == 'succeeded' then
      redis.call('HSET', KEYS[1], 'succeededAt', now)
      if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'overdueAfter', ARGV[5]) end
    end
    if ARGV[4] == '1' then
      redis.call('HDEL', KEYS[1], 'running')
      local ended = tonumber(redis.call('HGET', KEYS[1], 'endedTick') or 0)
      if ARGV[2] ~= '' and tonumber(ARGV[2]) > ended then redis.call('HSET', KEYS[1], 'endedTick', ARGV[2]) end
    end
    return 1
  `,
};

/**
 * Adds the job of a run that an operator asks for, as Bull adds one. KEYS: schedule, the job, wait, paused, meta-paused.
 * ARGV: the job's id, the prefix of job keys, its message id, its options (JSON). Its payload is that of the schedule, and
 * taken as text: decoded and encoded again, an empty list would be an empty object. Returns `unscheduled`, `under-way`, or
 * `added`.
 */
export const RUN_NOW = {
  keys: 5,
  lua: `
    ${NOW}
    local known = redis.call('HMGET', KEYS[1], 'spec', 'running', 'asked', 'payload')
    if not known[1] then return 'unscheduled' end
    if known[2] and redis.call('EXISTS', ARGV[2] .. known[2] .. ':lock') == 1 then return 'under-way' end
    if known[3] and redis.call('EXISTS', ARGV[2] .. known[3]) == 1
      and redis.call('HEXISTS', ARGV[2] .. known[3], 'finishedOn') == 0 then return 'under-way' end
    local data = '{"messageId":' .. cjson.encode(ARGV[3]) .. ',"payload":' .. known[4] .. '}'
    redis.call('HSET', KEYS[2], 'name', '${UNNAMED}', 'data', data, 'opts', ARGV[4],
      'timestamp', now, 'delay', 0, 'priority', 0)
    redis.call('HSET', KEYS[1], 'asked', ARGV[1])
    redis.call('LPUSH', redis.call('EXISTS', KEYS[5]) == 1 and KEYS[4] or KEYS[3], ARGV[1])
    return 'added'
  `,
};
