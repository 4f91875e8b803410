import { AsyncLocalStorage } from 'node:async_hooks';
import { eventually, gate, topology } from '@fourfold-tools/testing';
import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AroundJob, type JobContext, type JobProcessor, ProcessorFor } from './processor-for.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

const storage = new AsyncLocalStorage<number>();
let runs: number;
let seen: { messageId: string; run: number | undefined }[];
let handle: (context: JobContext) => Promise<void>;
let running: QueueApp | undefined;

/** Numbers its runs, and each can tell its own. */
@Injectable()
class NumberedRuns implements AroundJob {
  run<T>(work: () => Promise<T>): Promise<T> {
    return storage.run((runs += 1), work);
  }
}

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor<{ to: string }> {
  async handle(_payload: { to: string }, context: JobContext): Promise<void> {
    await handle(context);
    seen.push({ messageId: context.messageId, run: storage.getStore() });
  }
}

beforeEach(() => {
  runs = 0;
  seen = [];
  handle = () => Promise.resolve();
});
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(aroundJob: typeof NumberedRuns | undefined): Promise<QueueApp> {
  const processors = [LetterProcessor, NumberedRuns];
  running = await QueueApp.start(topology().redisQueue.url, processors, aroundJob && { aroundJob });
  return running;
}

it('each job runs inside a run of its own, also beside another and after it', async () => {
  const held = gate();
  handle = ({ messageId }) => (messageId === 'm-1' ? held.passed : Promise.resolve());
  const app = await start(NumberedRuns);
  await app.publish(message(1));
  await eventually(() => runs === 1);
  await app.publish(message(2), message(3));
  await eventually(() => seen.length === 2);
  held.open();
  await eventually(() => seen.length === 3);
  expect(seen.at(-1)).toEqual({ messageId: 'm-1', run: 1 });
  expect(seen.map(({ run }) => run).sort()).toEqual([1, 2, 3]);
  expect(storage.getStore()).toBeUndefined();
});

it('each attempt is a run, and what the handler throws fails the job', async () => {
  handle = ({ attempt }) =>
    attempt < 3 ? Promise.reject(new Error(`no luck in ${attempt}`)) : Promise.resolve();
  const app = await start(NumberedRuns);
  await app.publish(message(1));
  await eventually(() => seen.length === 1);
  expect(seen).toEqual([{ messageId: 'm-1', run: 3 }]);
});

it('a payload that does not fit its queue is refused before there is a run', async () => {
  const app = await start(NumberedRuns);
  await app.publish(message(1, 'letters', { to: 5 }));
  await eventually(async () => (await app.queue().getFailedCount()) === 1);
  expect(runs).toBe(0);
});

it('where nothing is to be around them, jobs run as they are', async () => {
  const app = await start(undefined);
  await app.publish(message(1));
  await eventually(() => seen.length === 1);
  expect(seen).toEqual([{ messageId: 'm-1', run: undefined }]);
});
