import { DependencyProbes } from '@fourfold/kernel';
import type { Job } from 'bull';
import { register } from 'prom-client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChildPool } from '../children/child.pool.js';
import { DependencyHolds } from '../holding/dependency-holds.js';
import type { JobData } from '../job-data.js';
import { QueueMetrics } from '../queue.metrics.js';
import { ScheduledRuns } from '../schedules/scheduled-runs.js';
import { letters } from '../testing/queues.js';
import { JobRunner } from './job.runner.js';

const LOCK_MS = 10_000;

let runner: JobRunner;

beforeEach(() => {
  register.clear();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  const metrics = new QueueMetrics();
  const holds = new DependencyHolds(new DependencyProbes(), metrics);
  const settings = { lockMs: LOCK_MS, jobsAtOnce: 1, onStuck: () => {}, schedules: [] };
  const scheduled = new ScheduledRuns(settings, { prefix: '{test}' }, metrics);
  runner = new JobRunner(metrics, {} as ChildPool, holds, scheduled, settings);
});
afterEach(() => vi.useRealTimers());

const run = (job: object, invoke: () => Promise<void>) =>
  runner.run({ definition: letters, invoke, isGrouped: false }, job as Job<JobData>);

it('a job that Redis has lost, and the relay has added again meanwhile, is not failed by the end of the one lost', async () => {
  const scripts: string[] = [];
  const client = { eval: (script: string) => Promise.resolve(scripts.push(script)) };
  const moveToFailed = () => Promise.resolve();
  const queue = { client, toKey: String };
  const job = { id: 'ob-1', name: '__default__', data: {}, opts: {}, attemptsMade: 0, queue, moveToFailed };
  await expect(run(job, () => Promise.resolve())).rejects.toThrow('has no messageId and payload');
  expect(scripts).toHaveLength(1); // drops what is left of it, where it has no data
  await job.moveToFailed();
  expect(scripts).toHaveLength(1);
});

it('a job that Redis has lost never gets Bull’s own way of failing, also when Redis is away by then', async () => {
  const client = { eval: () => Promise.reject(new Error('Redis is away')) };
  const bullsOwn = () => Promise.reject(new Error('the job stays active'));
  // Nothing but its id has come back.
  const job = { id: 'ob-1', data: {}, queue: { client, toKey: String }, moveToFailed: bullsOwn };
  await expect(run(job, () => Promise.resolve())).rejects.toThrow('Redis is away');
  expect(job.moveToFailed).not.toBe(bullsOwn);
});

it('the lock of a job is renewed, also when it comes after a time without any', async () => {
  const extendLock = vi.fn(() => Promise.resolve(1));
  const data = { messageId: 'm-1', payload: { to: 'you' } };
  const job = () => ({
    ...{
      id: 'ob-1',
      name: '__default__',
      data,
      opts: {},
      attemptsMade: 0,
      timestamp: Date.now(),
      extendLock,
    },
    moveToCompleted: () => Promise.resolve(null),
  });
  await run(job(), () => Promise.resolve());
  await vi.advanceTimersByTimeAsync(2 * LOCK_MS);
  expect(extendLock).not.toHaveBeenCalled();
  let end = () => {};
  const running = run(job(), () => new Promise((resolve) => (end = resolve)));
  await vi.advanceTimersByTimeAsync(LOCK_MS / 2 + 100);
  expect(extendLock).toHaveBeenCalledTimes(2);
  end();
  await running;
  await vi.advanceTimersByTimeAsync(2 * LOCK_MS);
  expect(extendLock).toHaveBeenCalledTimes(2);
});
