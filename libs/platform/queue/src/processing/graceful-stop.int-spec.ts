import { eventually, gate, RedisServerFixture, topology, type Gate } from '@fourfold-tools/testing';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JobProcessor, ProcessorFor } from '../processors/processor-for.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

let handled: string[];
let handle: (to: string) => Promise<void> | void;
let redis: Redis;

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor<{ to: string }> {
  async handle({ to }: { to: string }): Promise<void> {
    await handle(to);
    handled.push(to);
  }
}

beforeEach(() => {
  handled = [];
  handle = () => {};
  redis = new Redis(topology().redisQueue.url);
});
afterEach(() => redis.disconnect());

const jobs = (count: number) =>
  Array.from({ length: count }, (_, index) => message(index, 'letters', { to: String(index) }));

/** Jobs of `app`'s queue in each list, read around Bull: it is closed by then. */
async function lists(app: QueueApp): Promise<{ wait: number; active: number }> {
  const [wait, active] = await Promise.all([
    redis.llen(app.queue().toKey('wait')),
    redis.llen(app.queue().toKey('active')),
  ]);
  return { wait, active };
}

describe('a worker that is told to stop', () => {
  it('finishes the jobs in hand first, and takes no other', async () => {
    const held: Gate<void> = gate();
    let begun = 0;
    handle = () => {
      begun += 1;
      return held.passed;
    };
    const app = await QueueApp.start(topology().redisQueue.url, [LetterProcessor]);
    await app.publish(...jobs(12));
    await eventually(() => begun === letters.concurrency);
    const steps: string[] = [];
    const closed = app.close().then(() => steps.push('closed'));
    steps.push('opened');
    held.open();
    await closed;
    expect(steps).toEqual(['opened', 'closed']);
    expect(handled).toHaveLength(letters.concurrency);
    expect(await lists(app)).toEqual({ wait: 12 - letters.concurrency, active: 0 });
  });

  it('in the middle of many quick jobs hands back what it has fetched and not begun', async () => {
    for (let round = 0; round < 10; round += 1) {
      handled = [];
      const app = await QueueApp.start(topology().redisQueue.url, [LetterProcessor]);
      await app.publish(...jobs(200));
      await eventually(() => handled.length > 20, { everyMs: 1 });
      await app.close();
      expect(await lists(app)).toEqual({ wait: 200 - handled.length, active: 0 });
    }
  });

  it('hands it back at once, however long another job goes on', async () => {
    const held: Gate<void> = gate();
    handle = (to) => (to === '0' ? held.passed : undefined);
    const app = await QueueApp.start(topology().redisQueue.url, [LetterProcessor], { drainMs: 60_000 });
    await app.publish(...jobs(400));
    await eventually(() => handled.length > 20, { everyMs: 1 });
    const closed = app.close();
    const onlyTheHeldOne = eventually(async () => (await lists(app)).active === 1, { deadlineMs: 10_000 });
    await onlyTheHeldOne.finally(() => held.open());
    await closed;
    expect(await lists(app)).toEqual({ wait: 400 - handled.length, active: 0 });
  });

  it('does not wait for a job that never ends: it is left to others after the deadline', async () => {
    handle = () => new Promise(() => {});
    const app = await QueueApp.start(topology().redisQueue.url, [LetterProcessor], { drainMs: 100 });
    await app.publish(...jobs(1));
    await eventually(async () => (await lists(app)).active === 1);
    await app.close();
    expect(await lists(app)).toEqual({ wait: 0, active: 1 });
  });

  it('leaves no connection behind', async () => {
    const server = await RedisServerFixture.start();
    const clients = async () =>
      String(await server.command('CLIENT', 'LIST'))
        .trim()
        .split('\n').length;
    const app = await QueueApp.start(server.url, [LetterProcessor]);
    await app.publish(...jobs(1));
    await eventually(() => handled.length === 1);
    expect(await clients()).toBeGreaterThan(1);
    await app.close();
    // The one that asks.
    await eventually(async () => (await clients()) === 1);
    await server.dispose();
  });

  it('does not wait for a Redis that is gone', async () => {
    const server = await RedisServerFixture.start();
    const app = await QueueApp.start(server.url, [LetterProcessor], { drainMs: 200 });
    await app.publish(...jobs(1));
    await eventually(() => handled.length === 1);
    await server.kill();
    let isClosed = false;
    void app.close().then(() => (isClosed = true));
    await eventually(() => isClosed);
    expect(handled).toEqual(['0']);
    await server.dispose();
  });
});
