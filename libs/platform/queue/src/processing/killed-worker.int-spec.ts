import { randomBytes } from 'node:crypto';
import { eventually, ForkedProcess, topology } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { message, QueueApp } from '../testing/queue-app.js';
import { isolated, letters, parcels } from '../testing/queues.js';
import { WorkerDatabase } from '../testing/worker.database.js';
import {
  type Behaviour,
  type Report,
  startWorker,
  type WorkerProcessOptions,
} from '../testing/worker.process.js';

/** Where a lock must be lost; as long as ever elsewhere. */
const SHORT_LOCK = { lockMs: 400 };
const script = new URL('../testing/worker.runner.mjs', import.meta.url);

let database: WorkerDatabase;
let prefix: string;
let redis: Redis;
let publisher: QueueApp;
let workers: ForkedProcess<Report>[];
/** Workers in this process. */
let others: QueueApp[];

beforeAll(async () => {
  database = await WorkerDatabase.create();
  redis = new Redis(topology().redisQueue.url);
});
afterAll(async () => {
  redis.disconnect();
  await database.close();
});
beforeEach(async () => {
  await database.empty();
  workers = [];
  others = [];
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  publisher = await QueueApp.start(topology().redisQueue.url, [], {
    prefix,
    queues: [letters, parcels, isolated],
  });
});
afterEach(async () => {
  await Promise.all([...workers.map((worker) => worker.crash()), ...others.map((other) => other.close())]);
  await publisher.close();
});

function options(behaviour: Behaviour, more: Partial<WorkerProcessOptions> = {}): WorkerProcessOptions {
  const { url: redisUrl } = topology().redisQueue;
  return { behaviour, redisUrl, databaseUrl: database.url, prefix, lockMs: 30_000, ...more };
}

/** A worker process. */
async function start(...choice: Parameters<typeof options>): Promise<ForkedProcess<Report>> {
  const worker = await ForkedProcess.start<Report>(script, options(...choice));
  workers.push(worker);
  return worker;
}

/** A worker that takes over, in this process: its effects are recorded under this process's id. */
async function takeOver(more?: Partial<WorkerProcessOptions>): Promise<void> {
  others.push(await startWorker(options('plain', more)));
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

const jobField = (field: string) => redis.hget(publisher.queue().toKey('ob-1'), field);

describe('a worker killed', () => {
  it('before its transaction commits: another has the effect, once', async () => {
    await publish(message(1));
    const first = await start('in-transaction', SHORT_LOCK);
    await first.told('reached');
    await first.crash();
    await takeOver(SHORT_LOCK);
    await eventually(async () => (await database.stateOf('m-1')) === 'done');
    await nothingIsLeft();
    expect(await database.effectsOf('m-1')).toEqual([process.pid]);
  });

  it('after its commit and before Bull hears of it: the next delivery has no effect', async () => {
    await publish(message(1));
    const first = await start('after-commit', SHORT_LOCK);
    await first.told('reached');
    await first.crash();
    await takeOver(SHORT_LOCK);
    await nothingIsLeft();
    expect(await database.effectsOf('m-1')).toEqual([first.pid]);
    expect(await database.stateOf('m-1')).toBe('done');
  });

  it('naive twin: without the inbox the effect is there twice', async () => {
    await publish(message(1));
    const first = await start('after-commit', { unguarded: true, ...SHORT_LOCK });
    await first.told('reached');
    await first.crash();
    await takeOver({ unguarded: true, ...SHORT_LOCK });
    await nothingIsLeft();
    // More often where this process stands still for longer than its lock.
    expect(await database.effectsOf('m-1')).toEqual(expect.arrayContaining([first.pid, process.pid]));
  });

  it('by its own job again and again: the job is dead as stalled after its bound, and others go on', async () => {
    // One more than it may kill. They start at once, for that takes longest, and have the job one after another.
    await Promise.all(Array.from({ length: 6 }, () => start('die', SHORT_LOCK)));
    await publish(message(1, 'letters', { to: 'the-poisoned' }));
    await eventually(async () => (await publisher.queue().getFailedCount()) > 0, { deadlineMs: 60_000 });
    expect(workers.filter(({ hasEnded }) => hasEnded)).toHaveLength(5);
    expect(await jobField('failedReason')).toBe('job stalled more than allowable limit');
    await publish(message(2));
    await eventually(async () => (await database.effectsOf('m-2')).length === 1);
    expect(await database.effectsOf('m-1')).toEqual([]);
  });
});

it('a child that keeps its event loop busy ends with a worker that is killed', async () => {
  await publish(message(1, isolated.name, { to: 'spin' }));
  const worker = await start('plain');
  const progress = await eventually(
    async () => (await redis.hget(publisher.queue(isolated).toKey('ob-1'), 'progress')) ?? false,
    { deadlineMs: 20_000 },
  );
  const { pid } = JSON.parse(progress) as { pid: number };
  await worker.crash();
  await eventually(() => {
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('a worker whose event loop stands still for longer than its lock', () => {
  it('loses the job: another has the effect, and the first finds out before it commits', async () => {
    await publish(message(1));
    const first = await start('block', SHORT_LOCK);
    await takeOver(SHORT_LOCK);
    await first.told('reached');
    await eventually(async () => (await database.stateOf('m-1')) === 'done');
    await publish(message(2, parcels.name)); // no worker takes this queue
    await nothingIsLeft();
    await first.stop();
    expect(await database.effectsOf('m-1')).toEqual([process.pid]);
  });
});

describe('SIGTERM', () => {
  it('while a job runs: the job finishes, and the process ends', async () => {
    await publish(message(1));
    const worker = await start('until-told');
    await worker.told('reached');
    const stopped = worker.stop();
    worker.say('go');
    expect(await stopped).toBe(0);
    expect(await database.effectsOf('m-1')).toEqual([worker.pid]);
    expect(await database.stateOf('m-1')).toBe('done');
    expect(await publisher.queue().getJobCounts()).toMatchObject({ active: 0 });
  });

  it('while a job runs that does not finish in time: it is asked to stop, and handed back as it was', async () => {
    await publish(message(1));
    const worker = await start('until-told', { drainMs: 100 });
    await worker.told('reached');
    await worker.stop();
    expect(await publisher.queue().getJobCounts()).toMatchObject({ waiting: 1, active: 0, failed: 0 });
    expect(await Promise.all(['attemptsMade', 'stalledCounter'].map(jobField))).toEqual([null, null]);
    await takeOver();
    await nothingIsLeft();
    expect(await database.effectsOf('m-1')).toEqual([process.pid]);
  });
});

describe('a handler that never settles', () => {
  it('is dead at its hard limit, with reason timeout, and its process ends; others go on', async () => {
    await publish(message(1, 'letters', { to: 'the-stuck' }), message(2));
    const worker = await start('hang', { hardLimitMs: 500, drainMs: 200 });
    expect(await worker.ended()).toBe(1);
    expect(await jobField('deadReason')).toBe('timeout');
    expect(await jobField('failedReason')).toContain(`hard limit of queue ${letters.name}, 500 ms`);
    await publish(message(3));
    await takeOver();
    await nothingIsLeft();
    expect(await database.effectsOf('m-1')).toEqual([]);
    for (const other of ['m-2', 'm-3']) expect(await database.effectsOf(other)).toHaveLength(1);
  });
});
