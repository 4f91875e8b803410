/*
 * Bull is at 4.16.5, exactly. What is used of it here is not in its types or not in its promises, and all of it is used
 * in this folder alone. For each there is a test that fails when a later Bull does it another way.
 *
 * | member                         | why                                                                       | test |
 * | ------------------------------ | ------------------------------------------------------------------------- | ---- |
 * | queue.setWorkerName            | its rejection is not caught: it would end a process that stops early      | nameless-workers.int-spec.ts › naive twin: a worker of Bull’s own that stops before Redis has answered leaves a rejection unhandled |
 * | queue.nextJobFromJobData       | throws and catches an error for each job without stack traces             | spared-traces.int-spec.ts › naive twin: Bull throws and catches an error for each job that has never failed |
 * | queue.token                    | the value of each lock; our scripts compare it                            | bull-patches.int-spec.ts › queue.token is what the lock of a fetched job holds |
 * | queue.paused                   | set while this process takes no jobs                                      | bull-patches.int-spec.ts › queue.paused is set from the pause of this process to its resume |
 * | queue.bclient                  | waits for jobs; a pause leaves it waiting for up to half a second         | bull-patches.int-spec.ts › queue.bclient is the connection on which a worker waits for jobs |
 * | bclient.brpoplpush             | one call for each concurrent loop, all on one connection                  | blocking-client.int-spec.ts › naive twin: Bull asks for as many jobs at once as it may run |
 * | bclient.connect                | its rejection is not caught when Redis is away during a pause             | blocking-client.int-spec.ts › naive twin: a connection that Bull can’t make anew during a pause is a rejection that nothing handles |
 * | job.moveToCompleted            | fetches the next job, also when the queue is paused meanwhile            | bull-patches.int-spec.ts › job.moveToCompleted fetches the next job, also of a queue that is paused while it does |
 * | job.moveToFailed               | does nothing, silently, on a connection whose Redis was full once         | ../processing/failing.int-spec.ts › naive twin: once Redis was full, Bull’s own failing of a job does nothing, and says nothing |
 * | queue.addBulk                  | the same for adding, and it hides the error of a single job               | ../bull.publisher.int-spec.ts › naive twin: once Redis was full, addBulk alone adds nothing any more, and says that it did |
 * | a job's hash                   | made anew by the start of a job that Redis has lost                       | ../bull.publisher.int-spec.ts › naive twin: leaves something under its id, and adding it again "succeeds" and does nothing |
 * | the lists and sets of a queue  | our scripts move jobs between them                                        | bull-patches.int-spec.ts › the keys of a queue are where our scripts look for them |
 * | score of a delayed job         | 4096 times its due time in ms                                             | bull-patches.int-spec.ts › the score of a delayed job is its due time, times 4096 |
 * | the pause of all workers       | renames one list over the other, and loses what that held                 | ../operating/queue.operations.int-spec.ts › naive twin: Bull’s pause puts the one list over the other, and two jobs are never run |
 * | settings.lockRenewTime         | its renewal ends for good at the first extension that fails               | ../processing/locks.int-spec.ts › naive twin: with Bull’s own renewal the job runs twice at once |
 * | settings.maxStalledCount       | by default the second death of a worker fails the job                     | bull-traps.int-spec.ts › naive twin: twice, and Bull as it comes has failed a healthy job for good |
 */
import { setImmediate as immediate } from 'node:timers/promises';
import type { Job, Queue } from 'bull';
import type { Redis } from 'ioredis';
import type { JobData } from '../job-data.js';

type Raw = Record<string, string>;

interface PrivateQueue {
  readonly token: string;
  readonly paused?: Promise<void> | null;
  readonly bclient: Redis;
  setWorkerName: () => Promise<void>;
  nextJobFromJobData: (raw: Raw | null, jobId: string) => unknown;
}

const privateOf = (queue: Queue): PrivateQueue => queue as unknown as PrivateQueue;

/** The value of the locks that this queue object takes. */
export const tokenOf = (queue: Queue): string => privateOf(queue).token;

/** Whether this process takes no jobs of the queue. */
export const isPausedHere = (queue: Queue): boolean => privateOf(queue).paused != null;

/**
 * To be called before the queue is processed.
 *
 * Connections stay without a name: the name is for counting workers, which heartbeats do better, and Bull does not catch
 * the failure of the naming. Each job is given its stack traces: Bull parses them with `JSON.parse`, and what that throws
 * for a job that has never failed is a quarter of all that Bull does for a quick job.
 */
export function patchQueue(queue: Queue): void {
  const bull = privateOf(queue);
  const nextJob = bull.nextJobFromJobData.bind(queue);
  bull.setWorkerName = () => Promise.resolve();
  bull.nextJobFromJobData = (raw, jobId) => {
    if (raw) raw['stacktrace'] ??= '[]';
    return nextJob(raw, jobId);
  };
}

/**
 * Takes no more jobs in this process, and resolves when those in hand are over. Bull asks the blocked connection to quit,
 * which it does not read for up to half a second. A job that is added or handed back meanwhile would be taken by it, and
 * stay in `active` until it counts as stalled.
 */
export async function pauseHere(queue: Queue): Promise<void> {
  const paused = queue.pause(true);
  await immediate();
  privateOf(queue).bclient.disconnect();
  await paused;
}

/** Has `end` called in place of Bull's own way when the handler of this job has rejected, or Redis refuses its completion. */
export function failBy(job: Job<JobData>, end: () => Promise<void>): void {
  job.moveToFailed = async () => {
    await end();
    return null;
  };
}

/**
 * Has the job that Bull fetches together with the completion of this one handed back when the queue is paused by then.
 * Bull would keep it in `active` until the pause ends, where nothing renews its lock: it would count as stalled, and a
 * few such pauses in a row would fail it for good.
 */
export function handBackWhatFollows(
  job: Job<JobData>,
  handBack: (queue: Queue, jobId: string | number) => Promise<unknown>,
): void {
  const { queue } = job;
  const complete = job.moveToCompleted.bind(job);
  job.moveToCompleted = async (...parameters) => {
    const next = await complete(...parameters);
    const nextId = next?.[1];
    if (!nextId || !isPausedHere(queue)) return next;
    await handBack(queue, nextId);
    return null;
  };
}
