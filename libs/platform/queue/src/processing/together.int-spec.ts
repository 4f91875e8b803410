import { randomBytes } from 'node:crypto';
import { eventually, ForkedProcess, gate, topology } from '@fourfold-tools/testing';
import type { Type } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { UnrecoverableJobError } from '../job.errors.js';
import { handles, handlesTogether } from '../testing/handles.js';
import { message, QueueApp, type QueueAppOptions } from '../testing/queue-app.js';
import { isolated, letters, parcels } from '../testing/queues.js';
import { RECORD_EFFECT, WorkerDatabase } from '../testing/worker.database.js';
import { type Report, startWorker, type WorkerProcessOptions } from '../testing/worker.process.js';

const script = new URL('../testing/worker.runner.mjs', import.meta.url);
const many = { ...letters, concurrency: 32 };
const JOBS = Array.from({ length: 12 }, (_, index) => index + 1);

let database: WorkerDatabase;
let prefix: string;
let publisher: QueueApp;

beforeAll(async () => {
  database = await WorkerDatabase.create();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.empty();
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  publisher = await app([], { queues: [letters, parcels, isolated] });
});

async function app(processors: readonly Type[], options: QueueAppOptions): Promise<QueueApp> {
  const started = await QueueApp.start(topology().redisQueue.url, processors, { prefix, ...options });
  onTestFinished(() => started.close());
  return started;
}

async function publish(...messages: ReturnType<typeof message>[]): Promise<void> {
  await database.published(...messages);
  await publisher.publish(...messages);
}

const nothingIsLeft = () =>
  eventually(async () => {
    const { waiting, active, delayed } = await publisher.queue().getJobCounts();
    return waiting + active + delayed === 0;
  });
const statesOf = () => Promise.all(JOBS.map((job) => database.stateOf(`m-${job}`)));
const effectsOf = () => Promise.all(JOBS.map((job) => database.effectsOf(`m-${job}`)));

/** Records the effects of a transaction. */
const recordAll: Parameters<typeof handlesTogether>[1]['handleTogether'] = async (jobs, manager) => {
  for (const { messageId } of jobs) await manager.query(RECORD_EFFECT, [messageId, process.pid]);
  return jobs.map(({ messageId }) => messageId);
};

describe('jobs that share transactions', () => {
  it('have their effects, each with its own result after the commit, and are completed', async () => {
    const sizes: number[] = [];
    const committed: [string, unknown][] = [];
    const processor = handlesTogether(many, {
      handleTogether: (jobs, manager) => {
        sizes.push(jobs.length);
        return recordAll(jobs, manager);
      },
      committed: async (jobs) => {
        for (const { payload, result } of jobs) committed.push([payload.to, result]);
      },
    });
    await publish(...JOBS.map((job) => message(job, many.name, { to: `to-${job}` })));
    await app([processor], { queues: [many, parcels], databaseUrl: database.url });
    await nothingIsLeft();
    expect(await effectsOf()).toEqual(JOBS.map(() => [process.pid]));
    expect(await statesOf()).toEqual(JOBS.map(() => 'done'));
    expect(new Map(committed)).toEqual(new Map(JOBS.map((job) => [`to-${job}`, `m-${job}`])));
    expect(Math.max(...sizes)).toBeGreaterThan(1);
  });

  it('one of which can’t be done: it is dead alone, and the others have their effects', async () => {
    const processor = handlesTogether(many, {
      handleTogether: async (jobs, manager) => {
        const done = await recordAll(jobs, manager);
        if (jobs.some(({ payload }) => payload.to === 'the-poisoned'))
          throw new UnrecoverableJobError('this one never will');
        return done;
      },
    });
    const to = (job: number) => ({ to: job === 5 ? 'the-poisoned' : 'you' });
    await publish(...JOBS.map((job) => message(job, many.name, to(job))));
    await app([processor], { queues: [many, parcels], databaseUrl: database.url });
    await nothingIsLeft();
    expect(await effectsOf()).toEqual(JOBS.map((job) => (job === 5 ? [] : [process.pid])));
    expect(await statesOf()).toEqual(JOBS.map((job) => (job === 5 ? 'published' : 'done')));
    expect(await publisher.queue().getFailedCount()).toBe(1);
  });

  it('take no slot from the jobs of other queues, and wait for none', async () => {
    const mayEnd = gate();
    const busy = gate();
    const slow = handles(parcels, async () => {
      busy.open();
      await mayEnd.passed;
    });
    const processor = handlesTogether(many, { handleTogether: recordAll });
    await app([processor, slow], { queues: [many, parcels], databaseUrl: database.url, jobsAtOnce: 1 });
    await publish(message(100, parcels.name));
    await busy.passed;
    await publish(...JOBS.map((job) => message(job)));
    await nothingIsLeft();
    expect(await effectsOf()).toEqual(JOBS.map(() => [process.pid]));
    mayEnd.open();
  });
});

describe('a worker whose jobs share a transaction', () => {
  const options = (choice: Partial<WorkerProcessOptions>): WorkerProcessOptions => ({
    behaviour: 'plain',
    together: true,
    redisUrl: topology().redisQueue.url,
    databaseUrl: database.url,
    prefix,
    lockMs: 1_000,
    ...choice,
  });
  const start = async (choice: Partial<WorkerProcessOptions>) => {
    const worker = await ForkedProcess.start<Report>(script, options(choice));
    onTestFinished(async () => void (await worker.crash()));
    return worker;
  };
  const takeOver = async () => {
    const worker = await startWorker(options({}));
    onTestFinished(() => worker.close());
  };
  const publishAll = () => publish(...JOBS.map((job) => message(job)));

  it('and that is killed before the commit: another one has every effect, each once', async () => {
    const first = await start({ behaviour: 'in-transaction' });
    await publishAll();
    await first.told('reached');
    await first.crash();
    await takeOver();
    await nothingIsLeft();
    expect((await effectsOf()).map(({ length }) => length)).toEqual(JOBS.map(() => 1));
    expect(await statesOf()).toEqual(JOBS.map(() => 'done'));
  });

  it('and that is killed after the commit: the next deliveries have no effect, and all messages are done', async () => {
    const first = await start({ behaviour: 'after-commit' });
    await publishAll();
    await first.told('reached');
    await first.crash();
    expect((await statesOf()).filter((state) => state === 'published').length).toBeGreaterThanOrEqual(4);
    await takeOver();
    await nothingIsLeft();
    expect((await effectsOf()).map(({ length }) => length)).toEqual(JOBS.map(() => 1));
    expect(await statesOf()).toEqual(JOBS.map(() => 'done'));
  });

  it('and that stands still for longer than its locks finds out before it commits', async () => {
    const first = await start({ behaviour: 'block' });
    await publishAll();
    await first.told('reached');
    await takeOver();
    await eventually(async () => (await statesOf()).every((state) => state === 'done'));
    await nothingIsLeft();
    await first.stop();
    expect((await effectsOf()).map(({ length }) => length)).toEqual(JOBS.map(() => 1));
  });
});
