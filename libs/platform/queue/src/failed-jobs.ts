import type { Queue } from 'bull';
import type { JobData } from './job-data.js';

/**
 * Makes room for jobs that are out of attempts. Bull keeps a failed job under its id, and adding that id again then
 * "succeeds" without anything being run: an outage longer than the retries would strand the message for good.
 */
export async function clearFailedJobs(queue: Queue<JobData>, jobIds: readonly string[]): Promise<void> {
  await Promise.all(
    jobIds.map(async (jobId) => {
      const job = await queue.getJob(jobId);
      if (job && (await job.isFailed())) await job.remove();
    }),
  );
}
