import type { Queue } from 'bull';
import type { RawFailedJob } from './failed-job.js';

/**
 * Only while it is the failed job that was read: one that was tried again meanwhile is not in `failed`, or has failed
 * at another time. Unlike Bull's own removal it does not search the lists of waiting jobs.
 */
const REMOVE = `
  if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2], KEYS[3])
  return 1
`;

export type FailedJobEntry = Pick<RawFailedJob, 'jobId' | 'score'>;

/** The jobs of one queue that Bull has given up, oldest first. */
export class FailedJobs {
  constructor(private readonly queue: Queue) {}

  get queueName(): string {
    return this.queue.name;
  }

  async list(from: number, count: number): Promise<FailedJobEntry[]> {
    const flat = await this.queue.client.zrange(this.failedKey, from, from + count - 1, 'WITHSCORES');
    return Array.from({ length: flat.length / 2 }, (_, index) => ({
      jobId: flat[2 * index]!,
      score: flat[2 * index + 1]!,
    }));
  }

  /** In one pipeline. A job whose hash is gone, or is something else, has no fields. */
  async read(entries: readonly FailedJobEntry[]): Promise<RawFailedJob[]> {
    const pipeline = this.queue.client.pipeline();
    for (const { jobId } of entries) pipeline.hgetall(this.queue.toKey(jobId));
    const answers = (await pipeline.exec()) ?? [];
    return entries.map((entry, index) => {
      const [error, fields] = answers[index] ?? [new Error('Redis has not answered')];
      if (error && !error.message.startsWith('WRONGTYPE')) throw error;
      return { ...entry, fields: error ? {} : (fields as Record<string, string>) };
    });
  }

  /** In one pipeline; harmless when repeated. @returns how many this call has removed */
  async remove(entries: readonly FailedJobEntry[]): Promise<number> {
    if (entries.length === 0) return 0;
    const pipeline = this.queue.client.pipeline();
    for (const { jobId, score } of entries) {
      const jobKey = this.queue.toKey(jobId);
      pipeline.eval(REMOVE, 3, this.failedKey, jobKey, `${jobKey}:logs`, jobId, score);
    }
    let removed = 0;
    for (const [error, answer] of (await pipeline.exec()) ?? []) {
      if (error) throw error;
      removed += Number(answer);
    }
    return removed;
  }

  private get failedKey(): string {
    return this.queue.toKey('failed');
  }
}
