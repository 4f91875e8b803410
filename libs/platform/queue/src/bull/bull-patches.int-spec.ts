import { randomBytes } from 'node:crypto';
import { eventually, topology } from '@fourfold-tools/testing';
import Bull, { type Job, type Queue } from 'bull';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isPausedHere, tokenOf } from './bull-patches.js';

let queue: Queue;
const { url } = topology().redisQueue;

beforeEach(() => {
  queue = new Bull('letters', url, { prefix: `{test-${randomBytes(5).toString('hex')}}` });
});
afterEach(() => queue.close(true));

const key = (name: string) => queue.toKey(name);

async function fetched(): Promise<Job> {
  const job = await queue.getNextJob();
  return job ?? expect.fail('There is no job');
}

it('queue.token is what the lock of a fetched job holds', async () => {
  await queue.add({}, { jobId: 'a' });
  await fetched();
  expect(await queue.client.get(key('a:lock'))).toBe(tokenOf(queue));
});

it('queue.paused is set from the pause of this process to its resume', async () => {
  expect(isPausedHere(queue)).toBe(false);
  await queue.pause(true);
  expect(isPausedHere(queue)).toBe(true);
  await queue.resume(true);
  expect(isPausedHere(queue)).toBe(false);
});

it('queue.bclient is the connection on which a worker waits for jobs', async () => {
  let handled = 0;
  void queue.process(async () => void (handled += 1));
  const { bclient } = queue as unknown as { bclient: Redis & { blocked: boolean } };
  await eventually(() => bclient.blocked);
  expect(bclient).not.toBe(queue.client);
  await queue.add({});
  await eventually(() => handled === 1);
});

it('job.moveToCompleted fetches the next job, also of a queue that is paused while it does', async () => {
  await queue.addBulk(['a', 'b'].map((jobId) => ({ data: {}, opts: { jobId } })));
  const job = await fetched();
  const completed = job.moveToCompleted();
  await queue.pause(true);
  expect((await completed)?.[1]).toBe('b');
  expect(await queue.client.lrange(key('active'), 0, -1)).toEqual(['b']);
});

it('the keys of a queue are where our scripts look for them', async () => {
  const { client } = queue;
  await queue.addBulk(['a', 'b', 'c'].map((jobId) => ({ data: {}, opts: { jobId, attempts: 1 } })));
  // The right end is the front.
  expect(await client.lrange(key('wait'), 0, -1)).toEqual(['c', 'b', 'a']);
  const job = await fetched();
  expect(await client.lrange(key('active'), 0, -1)).toEqual(['a']);
  expect(Object.keys(await client.hgetall(key('a')))).toEqual(
    expect.arrayContaining(['data', 'timestamp', 'processedOn']),
  );
  await job.moveToFailed(new Error('no luck'));
  expect(await client.zrange(key('failed'), 0, -1)).toEqual(['a']);
  expect(await client.hgetall(key('a'))).toMatchObject({
    attemptsMade: '1',
    failedReason: 'no luck',
    finishedOn: await client.zscore(key('failed'), 'a'),
    stacktrace: expect.stringMatching(/^\["Error: no luck/),
  });
  await queue.pause();
  expect(await client.exists(key('meta-paused'))).toBe(1);
  expect(await client.lrange(key('paused'), 0, -1)).toEqual(['c', 'b']);
  expect(await client.exists(key('wait'))).toBe(0);
});

it('the score of a delayed job is its due time, times 4096', async () => {
  const { timestamp } = await queue.add({}, { jobId: 'a', delay: 60_000 });
  const score = Number(await queue.client.zscore(key('delayed'), 'a'));
  expect(Math.floor(score / 4_096)).toBe(timestamp + 60_000);
});
