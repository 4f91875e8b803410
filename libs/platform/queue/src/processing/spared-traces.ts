import type { Queue } from 'bull';

type Raw = Record<string, string>;
type NextJob = (raw: Raw | null, jobId: string) => unknown;

/**
 * Spares each job an error that Bull throws and catches itself. Bull reads the stack traces of a job by `JSON.parse`,
 * and one that has never failed has none: what is thrown and caught then costs a quarter of all that Bull does for a
 * quick job.
 */
export function spareTraces(queue: Queue): void {
  const bull = queue as unknown as { nextJobFromJobData: NextJob };
  const nextJob = bull.nextJobFromJobData.bind(queue);
  bull.nextJobFromJobData = (raw, jobId) => {
    if (raw) raw['stacktrace'] ??= '[]';
    return nextJob(raw, jobId);
  };
}
