import type { Job, Queue } from 'bull';
import type { JobData } from '../job-data.js';
import { moveJob } from './job-moves.js';

/** The field of a job's hash that says which dependency it was held for last. */
const HELD_FOR = 'heldFor';
/** Released by one script: short enough to hold up no other command. */
const BATCH = 500;

/**
 * A held job waits among Bull's delayed ones, so that it comes back by itself when no worker is left that would release
 * it, and its id is noted under its dependency. A hash that Redis has lost is not made anew.
 */
const HOLD = `
  if redis.call('HEXISTS', KEYS[5], 'data') == 0 then return 1 end
  redis.call('HSET', KEYS[5], '${HELD_FOR}', ARGV[3])
  redis.call('ZADD', KEYS[4], ARGV[4] * 4096, ARGV[2])
  redis.call('ZADD', KEYS[7], ARGV[5], ARGV[2])
  redis.call('SADD', KEYS[6], ARGV[3])
  return 1
`;

/** Oldest first, to the end of the line. A job that has come back by itself meanwhile is not among the delayed ones. */
const RELEASE = `
  local released = 0
  local line = redis.call('EXISTS', KEYS[5]) == 1 and KEYS[4] or KEYS[3]
  local popped = redis.call('ZPOPMIN', KEYS[1], ${BATCH})
  for index = 1, #popped, 2 do
    if redis.call('ZREM', KEYS[2], popped[index]) == 1 then
      redis.call('LPUSH', line, popped[index])
      released = released + 1
    end
  end
  local left = redis.call('ZCARD', KEYS[1])
  if left == 0 then redis.call('SREM', KEYS[6], ARGV[1]) end
  return { released, left }
`;

const namesKey = (queue: Queue) => queue.toKey('held');
const idsKey = (queue: Queue, dependency: string) => queue.toKey(`held:${dependency}`);

/**
 * Puts a job of this worker aside: no attempt is spent.
 * @param untilMs when it comes back by itself, if it was not released before
 * @returns whether the job was this worker's; nothing has changed otherwise
 */
export function holdJob(job: Job<JobData>, dependency: string, untilMs: number): Promise<boolean> {
  const { queue } = job;
  const names = ['delayed', String(job.id)].map((name) => queue.toKey(name));
  const keys = [...names, namesKey(queue), idsKey(queue, dependency)];
  return moveJob(queue, job.id, HOLD, keys, [dependency, untilMs, Date.now()]);
}

/** Puts all jobs of the queue that were held for the dependency back in line. @returns how many there were */
export async function releaseJobs(queue: Queue, dependency: string): Promise<number> {
  const names = ['delayed', 'wait', 'paused', 'meta-paused'].map((name) => queue.toKey(name));
  const keys = [idsKey(queue, dependency), ...names, namesKey(queue)];
  let all = 0;
  for (;;) {
    const reply = await queue.client.eval(RELEASE, keys.length, ...keys, dependency);
    const [released, left] = reply as [number, number];
    all += released;
    if (left === 0) return all;
  }
}

/** The dependencies for which jobs of the queue are held, by any worker. */
export function heldDependencies(queue: Queue): Promise<string[]> {
  return queue.client.smembers(namesKey(queue));
}

/** Whether the job was held before, for whatever dependency. */
export async function wasHeld({ queue, id }: Job): Promise<boolean> {
  return (await queue.client.hexists(queue.toKey(String(id)), HELD_FOR)) === 1;
}
