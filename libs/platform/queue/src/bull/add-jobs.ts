import type { Job, JobOptions, Queue } from 'bull';
import type { JobData } from '../job-data.js';

export interface NewJob {
  data: JobData;
  opts: JobOptions & { jobId: string };
}

/**
 * Adds jobs in one pipeline, and finds out which of them Redis took.
 *
 * `addBulk` runs a script in a transaction, and swallows the errors of single commands: such a job has no id. When Redis
 * refuses the transaction while the script is not loaded (it is full, say), ioredis takes the script for loaded all the
 * same, and in a transaction it never learns better: without an error, nothing would be added on this connection ever
 * again. Outside of one it does, so one job that was refused is added by itself.
 * @returns the ids that Redis has
 * @throws what that single addition throws, when Redis took none
 */
export async function addJobs(queue: Queue<JobData>, jobs: readonly NewJob[]): Promise<ReadonlySet<string>> {
  const added: Job<JobData>[] = await queue.addBulk([...jobs]).catch(() => []);
  const ids = new Set(added.map(({ id }) => String(id)));
  const refused = jobs.find(({ opts }) => !ids.has(opts.jobId));
  if (!refused) return ids;
  try {
    const { id } = await queue.add(refused.data, refused.opts);
    return ids.add(String(id));
  } catch (error) {
    if (jobs.some(({ opts }) => ids.has(opts.jobId))) return ids;
    throw error;
  }
}

/** Of each key: a hash without data is no job. Atomic, so that one that is just being added is left alone. */
const DROP_TORN = `
  local dropped = 0
  for _, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 and redis.call('HEXISTS', key, 'data') == 0 then
      dropped = dropped + redis.call('DEL', key)
    end
  end
  return dropped
`;

/**
 * Removes what is left of jobs that Redis has lost. A worker that took an id from the line just before Redis lost
 * everything starts it just after: Bull's script then writes the start into a hash that it makes by that, and the job
 * "exists". Adding it again "succeeds" from then on, and nothing is ever run.
 * @returns how many there were
 */
export async function dropTornJobs(queue: Queue, jobIds: readonly string[]): Promise<number> {
  if (jobIds.length === 0) return 0;
  return Number(await queue.client.eval(DROP_TORN, jobIds.length, ...jobIds.map((id) => queue.toKey(id))));
}
