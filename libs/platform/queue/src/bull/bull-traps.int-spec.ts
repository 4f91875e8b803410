import { randomBytes } from 'node:crypto';
import { eventually, gate, topology } from '@fourfold-tools/testing';
import Bull, { type Queue } from 'bull';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handles } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

let prefix: string;
let closing: (() => Promise<unknown>)[];

beforeEach(() => {
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  closing = [];
});
afterEach(() => Promise.all(closing.map((close) => close())));

/** Bull as it comes. */
function bare(settings: Bull.AdvancedSettings = {}): Queue {
  const queue = new Bull('letters', topology().redisQueue.url, { prefix, settings });
  closing.push(() => queue.close(true));
  return queue;
}

async function ours(...parameters: Parameters<typeof handles> | []): Promise<QueueApp> {
  const processors = parameters.length > 0 ? [handles(...(parameters as Parameters<typeof handles>))] : [];
  const app = await QueueApp.start(topology().redisQueue.url, processors, { prefix });
  closing.push(() => app.close());
  return app;
}

describe('the id of a job', () => {
  it('naive twin: a number is one that Bull gives to another job, whose payload is then gone', async () => {
    const queue = bare();
    await queue.add({ payload: 'of a message' }, { jobId: 2 });
    const automatic = await queue.add({ payload: 'of a job without an id' });
    expect(automatic.id).toBe('2');
    expect((await queue.getJob('2'))!.data).toEqual({ payload: 'of a job without an id' });
  });

  it('of ours begins with a word: Bull’s own jobs leave its payload alone', async () => {
    const app = await ours();
    await app.publish(message(2));
    await app.queue().add({ payload: 'of a job without an id' });
    expect((await app.queue().getWaiting()).map(({ id }) => id).toSorted()).toEqual(['2', 'ob-2']);
    expect((await app.queue().getJob('ob-2'))!.data).toEqual({ messageId: 'm-2', payload: { to: 'you' } });
  });

  it('of a job that was completed is free again: what is published anew runs anew', async () => {
    const handled: string[] = [];
    const app = await ours(letters, (_payload, { messageId }) => void handled.push(messageId));
    for (const times of [1, 2]) {
      expect(await app.publish(message(1))).toEqual(['1']);
      await eventually(() => handled.length === times);
      await eventually(async () => (await app.queue().getJob('ob-1')) === null);
    }
  });
});

describe('jobs at once', () => {
  /** Publishes `jobs`, and says how many were begun when a probe behind them could have been. */
  async function atOnce(begin: (work: () => Promise<void>) => Promise<Queue>): Promise<number> {
    let running = 0;
    let most = 0;
    const mayEnd = gate();
    const queue = await begin(async () => {
      running += 1;
      most = Math.max(most, running);
      await mayEnd.passed;
      running -= 1;
    });
    await eventually(async () => (await queue.getActiveCount()) > 0);
    await eventually(async () => {
      const active = await queue.getActiveCount();
      return active === running && (active >= 6 || active === letters.concurrency);
    });
    mayEnd.open();
    await eventually(async () => (await queue.getWaitingCount()) + (await queue.getActiveCount()) === 0);
    return most;
  }

  it('naive twin: Bull adds up what each named processor of a queue may run', async () => {
    const most = await atOnce(async (work) => {
      const queue = bare();
      for (const name of ['a', 'b']) void queue.process(name, 3, work);
      await queue.addBulk(
        Array.from({ length: 12 }, (_, index) => ({ name: index % 2 ? 'a' : 'b', data: {} })),
      );
      return queue;
    });
    expect(most).toBe(6);
  });

  it('of a queue of ours are as many as it declares: it has one task', async () => {
    const most = await atOnce(async (work) => {
      const app = await ours(letters, work);
      await app.publish(...Array.from({ length: 12 }, (_, index) => message(index)));
      return app.queue();
    });
    expect(most).toBe(letters.concurrency);
  });
});

describe('a worker that dies while it has a job', () => {
  /** As at a deploy that kills the worker: the job is active and no worker renews its lock. */
  async function dieTwice(queue: Queue): Promise<void> {
    for (let deaths = 1; deaths <= 2; deaths += 1) {
      await eventually(async () => (await queue.getNextJob()) !== undefined);
      await queue.client.del(queue.toKey('ob-1:lock'));
      await eventually(async () => (await queue.getActiveCount()) === 0, { everyMs: 5 });
    }
  }
  const stalled = { lockDuration: 400, lockRenewTime: 2 ** 31 - 1, stalledInterval: 100 };

  it('naive twin: twice, and Bull as it comes has failed a healthy job for good', async () => {
    const queue = bare(stalled);
    await queue.add({}, { jobId: 'ob-1' });
    (queue as unknown as { startMoveUnlockedJobsToWait(): void }).startMoveUnlockedJobsToWait();
    await dieTwice(queue);
    expect(await queue.getFailedCount()).toBe(1);
  });

  it('twice, and a worker of ours runs the job', async () => {
    const handled: string[] = [];
    const queue = bare({ ...stalled, maxStalledCount: 4 });
    const publisher = await ours();
    await publisher.publish(message(1));
    (queue as unknown as { startMoveUnlockedJobsToWait(): void }).startMoveUnlockedJobsToWait();
    await dieTwice(queue);
    await ours(letters, (_payload, { messageId }) => void handled.push(messageId));
    await eventually(() => handled.includes('m-1'));
  });
});

describe('Bull’s events of a failure', () => {
  it('naive twin: come at each attempt, and not at all to who was not listening', async () => {
    const queue = bare();
    const local: string[] = [];
    queue.on('failed', ({ id }) => local.push(String(id)));
    void queue.process(() => Promise.reject(new Error('no luck')));
    await queue.add({}, { jobId: 'ob-1', attempts: 3 });
    await eventually(async () => (await queue.getFailedCount()) === 1);
    await eventually(() => expect(local).toEqual(['ob-1', 'ob-1', 'ob-1']));

    const late = bare();
    const heard: string[] = [];
    late.on('global:failed', (id: string) => heard.push(id));
    await late.isReady();
    await eventually(async () => Number((await late.client.pubsub('NUMSUB', late.toKey('failed')))[1]) > 0);
    await queue.add({}, { jobId: 'ob-2' });
    await eventually(() => heard.includes('ob-2'));
    expect(heard).not.toContain('ob-1');
  });
});
