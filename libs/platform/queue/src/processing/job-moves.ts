import type { Job, Queue } from 'bull';
import { DEAD_REASON_FIELD, type DeadReason } from '../dead-reason.js';
import type { JobData } from '../job-data.js';

/** Whose job it is, atomically with what follows: a job whose lock is no longer ours is another worker's. */
export const TAKE_OUT = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  if redis.call('LREM', KEYS[2], 1, ARGV[2]) == 0 then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[3], ARGV[2])
`;

const HAND_BACK = `${TAKE_OUT}
  redis.call('RPUSH', redis.call('EXISTS', KEYS[6]) == 1 and KEYS[5] or KEYS[4], ARGV[2])
  return 1
`;

/** Scores of Bull's delayed set carry 12 bits that tell jobs of one millisecond apart; none are needed. */
const FAIL = `${TAKE_OUT}
  redis.call('HINCRBY', KEYS[5], 'attemptsMade', 1)
  redis.call('HSET', KEYS[5], 'failedReason', ARGV[3], 'stacktrace', ARGV[4])
  if ARGV[6] ~= '' then
    redis.call('HSET', KEYS[5], '${DEAD_REASON_FIELD}', ARGV[6], 'finishedOn', ARGV[5])
    redis.call('ZADD', KEYS[4], ARGV[5], ARGV[2])
    redis.call('PUBLISH', KEYS[4], cjson.encode({ jobId = ARGV[2], val = ARGV[3] }))
  else
    redis.call('ZADD', KEYS[4], ARGV[5] * 4096, ARGV[2])
    redis.call('PUBLISH', KEYS[4], ARGV[5])
  end
  return 1
`;

/** Of the attempts so far, the last so many keep their stack in the job. */
const STACKS_KEPT = 10;

export type Failure = { error: Error } & (
  { deadReason: DeadReason } | { /** Until the next attempt, in milliseconds. */ delayMs: number }
);

/**
 * Ends an attempt that did not succeed. Bull's own way saves the error and moves the job by two scripts in a
 * transaction: when Redis has refused one of them (it was full, or a replica), both are silently skipped on that
 * connection from then on, and every failed job stays active until it counts as stalled. It also throws, and leaves the
 * job active, where a back-off strategy has no name it knows. Each of these is one script and speaks up.
 * @returns whether the job was this worker's; nothing has changed otherwise
 */
export async function failJob(job: Job<JobData>, failure: Failure): Promise<boolean> {
  const { queue } = job;
  const { error } = failure;
  const dead = 'deadReason' in failure;
  const stacks = [...(job.stacktrace ?? []), error.stack ?? error.message].slice(-STACKS_KEPT);
  const moved = await queue.client.eval(
    FAIL,
    5,
    ...ownKeys(queue, job.id),
    queue.toKey(dead ? 'failed' : 'delayed'),
    queue.toKey(String(job.id)),
    tokenOf(queue),
    job.id,
    error.message,
    JSON.stringify(stacks),
    dead ? Date.now() : Date.now() + failure.delayMs,
    dead ? failure.deadReason : '',
  );
  return moved === 1;
}

/** Puts a job that this worker holds back in line, at its front. @returns whether it was this worker's */
export async function handBackJob(queue: Queue, jobId: string | number): Promise<boolean> {
  const lines = ['wait', 'paused', 'meta-paused'].map((name) => queue.toKey(name));
  const keys = [...ownKeys(queue, jobId), ...lines];
  return (await queue.client.eval(HAND_BACK, keys.length, ...keys, tokenOf(queue), jobId)) === 1;
}

/**
 * Has the job that Bull fetches together with the end of this one handed back when the queue is paused in that moment.
 * Bull would keep it in `active` until the pause ends, where nothing renews its lock: it would count as stalled, and a
 * few such pauses in a row would fail it for good.
 */
export function handBackWhatFollows(job: Job<JobData>): void {
  const { queue } = job;
  const complete = job.moveToCompleted.bind(job);
  job.moveToCompleted = async (...parameters) => {
    const next = await complete(...parameters);
    const nextId = next?.[1];
    if (!nextId || !isPaused(queue)) return next;
    await handBackJob(queue, nextId);
    return null;
  };
}

/**
 * Hands back what a paused queue holds without working on it: what was fetched in the very moment of the pause.
 * @param running ids of jobs that are still being worked on here
 */
export async function handBackUnbegun(queue: Queue, running: ReadonlySet<string>): Promise<void> {
  const active = await queue.client.lrange(queue.toKey('active'), 0, -1);
  for (const id of active) if (!running.has(id)) await handBackJob(queue, id);
}

export function ownKeys(queue: Queue, jobId: string | number): [string, string, string] {
  return [`${queue.toKey(String(jobId))}:lock`, queue.toKey('active'), queue.toKey('stalled')];
}

/** Under which this queue object takes its locks. */
export const tokenOf = (queue: Queue): string => (queue as unknown as { token: string }).token;

/** In this process. */
const isPaused = (queue: Queue): boolean => (queue as unknown as { paused?: unknown }).paused != null;
