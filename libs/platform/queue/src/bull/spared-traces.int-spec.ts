import { randomBytes } from 'node:crypto';
import { eventually, topology } from '@fourfold-tools/testing';
import Bull from 'bull';
import { afterEach, expect, it, vi } from 'vitest';
import { handles } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** Counts what is thrown for a job that has no stack traces. */
function missingTraces(): () => number {
  const parse = vi.spyOn(JSON, 'parse');
  return () => parse.mock.calls.filter(([text]) => text === undefined).length;
}

it('naive twin: Bull throws and catches an error for each job that has never failed', async () => {
  const prefix = `{test-${randomBytes(5).toString('hex')}}`;
  const queue = new Bull('letters', topology().redisQueue.url, { prefix });
  closing.push(() => queue.close());
  const thrown = missingTraces();
  let done = 0;
  void queue.process(async () => void (done += 1));
  await queue.add({ to: 'you' });
  await eventually(() => done === 1);
  expect(thrown()).toBeGreaterThan(0);
});

it('a job of ours costs no such error, and one that has failed keeps its traces', async () => {
  const traces: string[][] = [];
  const fails = [true, false];
  const app = await QueueApp.start(topology().redisQueue.url, [
    handles(letters, () => {
      if (fails.shift()) throw new Error('no luck');
    }),
  ]);
  closing.push(() => app.close());
  const next = app.queue() as unknown as { nextJobFromJobData: (raw: object, id: string) => Bull.Job };
  const nextJob = next.nextJobFromJobData;
  next.nextJobFromJobData = (raw, id) => {
    const job = nextJob(raw, id);
    if (job) traces.push(job.stacktrace);
    return job;
  };
  const thrown = missingTraces();
  await app.publish(message(1));
  await eventually(() => traces.length === 2);
  expect(traces[0]).toEqual([]);
  expect(traces[1]!.join()).toContain('no luck');
  await eventually(() => fails.length === 0);
  expect(thrown()).toBe(0);
});
