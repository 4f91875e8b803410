import type { Job, Queue } from 'bull';
import { DEAD_REASON_FIELD, type DeadReason } from '../dead-reason.js';
import type { JobData } from '../job-data.js';
import { tokenOf } from './bull-patches.js';

/** Whose job it is, atomically with what follows: a job whose lock is no longer ours is another worker's. */
const TAKE_OUT = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  if redis.call('LREM', KEYS[2], 1, ARGV[2]) == 0 then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[3], ARGV[2])
`;

const HAND_BACK = `
  redis.call('RPUSH', redis.call('EXISTS', KEYS[6]) == 1 and KEYS[5] or KEYS[4], ARGV[2])
  return 1
`;

const FAIL = `
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

/** The wait of a job is counted from when it was due: its options say the new time. */
const POSTPONE = `
  redis.call('HSET', KEYS[5], 'opts', ARGV[4])
  redis.call('ZADD', KEYS[4], ARGV[3] * 4096, ARGV[2])
  redis.call('PUBLISH', KEYS[4], ARGV[3])
  return 1
`;

/** Attempts alone do not tell: a job that was held, postponed, handed back or taken over as stalled has spent none. */
const NOTE_DELIVERY = `
  if redis.call('HEXISTS', KEYS[1], 'data') == 0 then return 0 end
  return redis.call('HSETNX', KEYS[1], 'delivered', 1)
`;

/** Of the attempts so far, the last so many keep their stack in the job. */
const STACKS_KEPT = 10;

export type Failure = { error: Error } & (
  { deadReason: DeadReason } | { /** Until the next attempt, in milliseconds. */ delayMs: number }
);

/**
 * Takes a job that this worker holds out of `active`, and does `script` with it.
 * @param script gets the job's lock, `active` and `stalled` as KEYS[1] to [3], and its id as ARGV[2]
 * @param keys KEYS[4] and on
 * @param values ARGV[3] and on
 * @returns whether the job was this worker's; nothing has changed otherwise
 */
export async function moveJob(
  queue: Queue,
  jobId: string | number,
  script: string,
  keys: readonly string[],
  values: readonly (string | number)[] = [],
): Promise<boolean> {
  const own = [`${queue.toKey(String(jobId))}:lock`, queue.toKey('active'), queue.toKey('stalled')];
  const all = [...own, ...keys];
  const parameters = [...all, tokenOf(queue), jobId, ...values];
  return (await queue.client.eval(TAKE_OUT + script, all.length, ...parameters)) === 1;
}

/**
 * Ends an attempt that did not succeed. Bull's own way saves the error and moves the job by two scripts in a
 * transaction: when Redis has refused one of them (it was full, or a replica), both are silently skipped on that
 * connection from then on, and every failed job stays active until it counts as stalled. It also throws, and leaves the
 * job active, where a back-off strategy has no name it knows. This is one script, whose error is thrown.
 * @returns whether the job was this worker's; nothing has changed otherwise
 */
export function failJob(job: Job<JobData>, failure: Failure): Promise<boolean> {
  const { queue } = job;
  const { error } = failure;
  const stacks = JSON.stringify(
    [...(job.stacktrace ?? []), error.stack ?? error.message].slice(-STACKS_KEPT),
  );
  const [set, atMs, reason] =
    'deadReason' in failure
      ? ['failed', Date.now(), failure.deadReason]
      : ['delayed', Date.now() + failure.delayMs, ''];
  const keys = [queue.toKey(set), queue.toKey(String(job.id))];
  return moveJob(queue, job.id, FAIL, keys, [error.message, stacks, atMs, reason]);
}

/** Puts a job that this worker holds back in line, at its front. @returns whether it was this worker's */
export function handBackJob(queue: Queue, jobId: string | number): Promise<boolean> {
  const lines = ['wait', 'paused', 'meta-paused'].map((name) => queue.toKey(name));
  return moveJob(queue, jobId, HAND_BACK, lines);
}

/**
 * Has a job that this worker holds come back after `delayMs`; no attempt is spent.
 * @returns whether it was this worker's
 */
export function postponeJob({ queue, id, opts, timestamp }: Job, delayMs: number): Promise<boolean> {
  const atMs = Date.now() + Math.max(0, Math.ceil(delayMs));
  const due = JSON.stringify({ ...opts, delay: atMs - timestamp });
  return moveJob(queue, id, POSTPONE, [queue.toKey('delayed'), queue.toKey(String(id))], [atMs, due]);
}

/**
 * Hands back what a paused queue holds without working on it: what was fetched in the very moment of the pause.
 * @param running ids of jobs that are still being worked on here
 */
export async function handBackUnbegun(queue: Queue, running: ReadonlySet<string>): Promise<void> {
  const active = await queue.client.lrange(queue.toKey('active'), 0, -1);
  for (const id of active) if (!running.has(id)) await handBackJob(queue, id);
}

/** Notes a delivery in the job. @returns whether there was none before */
export async function isFirstDelivery({ queue, id }: Job): Promise<boolean> {
  return (await queue.client.eval(NOTE_DELIVERY, 1, queue.toKey(String(id)))) === 1;
}
