import { isConnectionError } from '@fourfold/db-routing';
import { AppError } from '@fourfold/kernel';
import type { DeadLetterRecorder } from './dead-letter.recorder.js';
import { failedJobOf, type RawFailedJob } from './failed-job.js';
import type { FailedJobs } from './failed-jobs.js';

const BATCH = 200;
/** Read at once: payloads may be large. */
const READ = 20;
/** Recorded at once, each in a transaction and so on a connection of its own. */
const TRANSACTIONS = 4;
/** So many jobs in a row that meet no database: it is away, and not just too small for one of them. */
const AWAY = 8;

/** What went wrong in a pass. */
interface Faults {
  last?: Error;
  withoutConnection: number;
}

/**
 * One pass over the failed jobs of a queue, oldest first: each is recorded, committed, and only then removed from
 * Redis. What is left for later stays where it is, and is stepped over.
 * @throws what the last job that could not be recorded threw; in the middle when a server is away
 */
export async function sweep(
  jobs: FailedJobs,
  recorder: Pick<DeadLetterRecorder, 'record'>,
  isStopping: () => boolean = () => false,
): Promise<void> {
  let left = 0;
  const faults: Faults = { withoutConnection: 0 };
  for (;;) {
    const batch = await jobs.list(left, BATCH);
    for (let from = 0; from < batch.length && !isStopping(); from += READ) {
      const read = await jobs.read(batch.slice(from, from + READ));
      const handled = await record(jobs.queueName, read, recorder, faults);
      left += read.length - (await jobs.remove(handled));
    }
    if (batch.length < BATCH || isStopping()) break;
  }
  if (faults.last !== undefined) throw faults.last;
}

/** @returns the jobs that may be removed */
async function record(
  queue: string,
  jobs: readonly RawFailedJob[],
  recorder: Pick<DeadLetterRecorder, 'record'>,
  faults: Faults,
): Promise<RawFailedJob[]> {
  const handled: RawFailedJob[] = [];
  const waiting = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      // No hash: there is nothing left to record. The outbox offers the message again, if there is one.
      if (Object.keys(job.fields).length === 0) handled.push(job);
      else if (await isRecorded(queue, job, recorder, faults)) handled.push(job);
    }
  };
  await Promise.all(Array.from({ length: TRANSACTIONS }, work));
  return handled;
}

/** A job that the database refuses for its own sake, such as one larger than a packet may be, must not hold up others. */
async function isRecorded(
  queue: string,
  job: RawFailedJob,
  recorder: Pick<DeadLetterRecorder, 'record'>,
  faults: Faults,
): Promise<boolean> {
  try {
    const recording = await recorder.record(failedJobOf(queue, job));
    faults.withoutConnection = 0;
    return recording !== 'pending';
  } catch (error) {
    if (isConnectionError(error) || error instanceof AppError) faults.withoutConnection += 1;
    if (faults.withoutConnection >= AWAY) throw error;
    faults.last = error instanceof Error ? error : new Error(String(error));
    return false;
  }
}
