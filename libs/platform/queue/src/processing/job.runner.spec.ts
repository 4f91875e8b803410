import { DependencyProbes } from '@fourfold/kernel';
import type { Job } from 'bull';
import { expect, it } from 'vitest';
import type { ChildPool } from '../children/child.pool.js';
import { DependencyHolds } from '../holding/dependency.holds.js';
import type { JobData } from '../job-data.js';
import { QueueMetrics } from '../queue.metrics.js';
import { letters } from '../testing/queues.js';
import type { WorkerOptions } from '../worker.options.js';
import { JobRunner } from './job.runner.js';

it('a job that Redis has lost never gets Bull’s own way of failing, also when Redis is away by then', async () => {
  const options = { lockMs: 10_000, jobsAtOnce: 1 } as WorkerOptions;
  const metrics = new QueueMetrics();
  const holds = new DependencyHolds(new DependencyProbes(), metrics);
  const runner = new JobRunner(metrics, {} as ChildPool, holds, options);
  const client = { eval: () => Promise.reject(new Error('Redis is away')) };
  const bullsOwn = () => Promise.reject(new Error('the job stays active'));
  // Nothing but its id has come back.
  const job = { id: 'ob-1', data: {}, queue: { client, toKey: String }, moveToFailed: bullsOwn };
  const invoke = () => Promise.resolve();
  await expect(runner.run({ definition: letters, invoke }, job as unknown as Job<JobData>)).rejects.toThrow(
    'Redis is away',
  );
  expect(job.moveToFailed).not.toBe(bullsOwn);
});
