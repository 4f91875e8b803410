import { eventually, topology } from '@fourfold-tools/testing';
import { Injectable, type Type } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type AroundJob, type JobProcessor, ProcessorFor } from '../processors/processor-for.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

const MOST = 8;

let app: QueueApp;
/** At the first line of the handler, the innermost call first. */
let stack: string[] | undefined;
const { stackTraceLimit } = Error;

beforeAll(() => (Error.stackTraceLimit = 50));
afterAll(() => (Error.stackTraceLimit = stackTraceLimit));
afterEach(() => app.close());

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor<{ to: string }> {
  async handle(): Promise<void> {
    stack ??= new Error('here').stack!.split('\n').slice(1);
  }
}

@Injectable()
class Around implements AroundJob {
  run<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}

/** @returns the calls from Bull, which has fetched the job, to the handler; both ends are counted */
async function callsToHandler(aroundJob?: Type<AroundJob>): Promise<string[]> {
  stack = undefined;
  const providers = aroundJob ? [LetterProcessor, aroundJob] : [LetterProcessor];
  app = await QueueApp.start(topology().redisQueue.url, providers, aroundJob && { aroundJob });
  await app.publish(message(1));
  await eventually(() => stack !== undefined);
  const fromBull = stack!.findIndex((frame) => frame.includes('node_modules/bull/'));
  // The calls are all made before anything is waited for: no frame is hidden behind an await.
  expect(fromBull, stack!.join('\n')).toBeGreaterThan(0);
  return stack!.slice(0, fromBull);
}

it(`a job that Bull has fetched is with its handler after at most ${MOST} calls`, async () => {
  const calls = await callsToHandler();
  expect(calls[0]).toContain('LetterProcessor.handle');
  expect(calls.length, calls.join('\n')).toBeLessThanOrEqual(MOST);
});

it('also where the application has something around its jobs', async () => {
  const calls = await callsToHandler(Around);
  expect(calls.some((frame) => frame.includes('Around.run'))).toBe(true);
  expect(calls.length, calls.join('\n')).toBeLessThanOrEqual(MOST);
});
