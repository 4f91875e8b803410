import { randomBytes } from 'node:crypto';
import { eventually, gate, topology, type Gate } from '@fourfold-tools/testing';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JobProcessor, ProcessorFor } from '../processors/processor-for.js';
import { ClientApp } from '../testing/client-app.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters, parcels } from '../testing/queues.js';
import type { QueueOverview } from './queue.operations.js';

let prefix: string;
let client: ClientApp;
let redis: Redis;
let workers: QueueApp[];
let handled: string[];
let handle: (to: string) => Promise<void> | void;

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor<{ to: string }> {
  async handle({ to }: { to: string }): Promise<void> {
    await handle(to);
    handled.push(to);
  }
}

beforeEach(async () => {
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  workers = [];
  handled = [];
  handle = () => {};
  redis = new Redis(topology().redisQueue.url);
  client = await ClientApp.start(topology().redisQueue.url, prefix);
  await eventually(() => client.operations.overview());
});
afterEach(async () => {
  redis.disconnect();
  await Promise.all([client, ...workers].map((app) => app.close()));
});

async function start(...processors: (typeof LetterProcessor)[]): Promise<QueueApp> {
  const app = await QueueApp.start(topology().redisQueue.url, processors, { prefix });
  workers.push(app);
  return app;
}

async function overviewOf({ name }: { name: string } = letters): Promise<QueueOverview> {
  return (await client.operations.overview()).find((queue) => queue.name === name)!;
}

const letter = (id: number) => message(id, 'letters', { to: String(id) });
const list = (key: string) => redis.lrange(`${prefix}:letters:${key}`, 0, -1);

describe('the overview', () => {
  it('has each declared queue as it was declared, in order, and empty where nothing has happened yet', async () => {
    const still = {
      counts: { waiting: 0, active: 0, delayed: 0, failed: 0, paused: 0 },
      paused: false,
      oldestWaitingMs: null,
      workers: 0,
      schedule: null,
      priority: 'normal',
      isolation: 'in-process',
      concurrency: 5,
    };
    expect(await client.operations.overview()).toEqual([
      { name: 'letters', ...still, attempts: 3 },
      { name: 'parcels', ...still, attempts: 4 },
    ]);
  });

  it('counts jobs by their state', async () => {
    const held: Gate<void> = gate();
    handle = (to) => {
      if (to === 'fail') throw new Error('no luck');
      return held.passed;
    };
    const app = await start(LetterProcessor);
    await app.publish(message(99, 'letters', { to: 'fail' }));
    await eventually(async () => (await overviewOf()).counts.failed === 1);
    await app.publish(...[1, 2, 3, 4, 5, 6, 7].map(letter));
    await eventually(async () => {
      const { counts } = await overviewOf();
      expect(counts).toEqual({ waiting: 2, active: 5, delayed: 0, failed: 1, paused: 0 });
    });
    await app.queue(parcels).add({ messageId: 'm', payload: {} }, { delay: 60_000 });
    expect((await overviewOf(parcels)).counts.delayed).toBe(1);
    held.open();
  });

  it('tells how long the job that is next in line has waited, on a paused queue too', async () => {
    const app = await start();
    await app.publish(letter(1));
    await redis.hincrby(`${prefix}:letters:ob-1`, 'timestamp', -60_000);
    await app.publish(letter(2));
    const atLeastAMinute = async () => {
      const { oldestWaitingMs } = await overviewOf();
      expect(oldestWaitingMs).toBeGreaterThanOrEqual(60_000);
      expect(oldestWaitingMs).toBeLessThan(120_000);
    };
    await atLeastAMinute();
    await client.operations.pause('letters');
    await atLeastAMinute();
    // A try that has failed begins a new wait.
    await redis.hset(`${prefix}:letters:ob-1`, 'processedOn', Date.now());
    expect((await overviewOf()).oldestWaitingMs).toBeLessThan(60_000);
  });

  it('has no negative wait where a clock is ahead, and none where the job is gone', async () => {
    const app = await start();
    await app.publish(letter(1));
    await redis.hincrby(`${prefix}:letters:ob-1`, 'timestamp', 3_600_000);
    expect((await overviewOf()).oldestWaitingMs).toBe(0);
    await redis.del(`${prefix}:letters:ob-1`);
    expect((await overviewOf()).oldestWaitingMs).toBe(0);
  });
});

describe('a paused queue', () => {
  it('is paused for every worker: jobs in hand are finished, and new ones wait until it is resumed', async () => {
    const held: Gate<void> = gate();
    handle = () => held.passed;
    const [app] = [await start(LetterProcessor), await start(LetterProcessor)];
    await app.publish(letter(1));
    await eventually(async () => (await overviewOf()).counts.active === 1);
    expect(await client.operations.pause('letters')).toEqual({
      name: 'letters',
      paused: true,
      changed: true,
    });
    await app.publish(letter(2), letter(3));
    held.open();
    await eventually(() => handled.length === 1);
    expect(await overviewOf()).toMatchObject({ paused: true, counts: { paused: 2, waiting: 0, active: 0 } });
    expect((await overviewOf(parcels)).paused).toBe(false);
    expect(handled).toEqual(['1']);

    expect(await client.operations.resume('letters')).toEqual({
      name: 'letters',
      paused: false,
      changed: true,
    });
    await eventually(() => handled.length === 3);
    expect((await overviewOf()).paused).toBe(false);
  });

  it('stays so when it is paused again, and running goes on running: the second call changes nothing', async () => {
    const app = await start();
    const { operations } = client;
    expect(await operations.resume('letters')).toMatchObject({ changed: false });
    await app.publish(letter(1), letter(2));
    for (const changed of [true, false, false]) {
      expect(await operations.pause('letters')).toMatchObject({ paused: true, changed });
    }
    expect(await list('paused')).toEqual(['ob-2', 'ob-1']);
    for (const changed of [true, false]) {
      expect(await operations.resume('letters')).toMatchObject({ paused: false, changed });
    }
    expect(await list('wait')).toEqual(['ob-2', 'ob-1']);
  });

  it('is a queue that Bull’s own calls find paused, and resume', async () => {
    const app = await start(LetterProcessor);
    await client.operations.pause('letters');
    expect(await app.queue().isPaused()).toBe(true);
    await app.publish(letter(1));
    await app.queue().resume();
    await eventually(() => handled.length === 1);
    expect((await overviewOf()).paused).toBe(false);
  });
});

describe('jobs that got into the line of a paused queue, as one that was handed back in that moment', () => {
  /** 1 and 2 wait on the paused queue, and 3 where workers would look. */
  async function paused(): Promise<QueueApp> {
    const app = await start();
    await app.publish(letter(1), letter(2));
    await client.operations.pause('letters');
    await app.publish(letter(3));
    await redis.lmove(`${prefix}:letters:paused`, `${prefix}:letters:wait`, 'LEFT', 'LEFT');
    expect([await list('wait'), await list('paused')]).toEqual([['ob-3'], ['ob-2', 'ob-1']]);
    return app;
  }

  it('naive twin: Bull’s pause puts the one list over the other, and two jobs are never run', async () => {
    const app = await paused();
    await app.queue().pause();
    expect([await list('wait'), await list('paused')]).toEqual([[], ['ob-3']]);
  });

  it('are joined to those that wait, and none is lost', async () => {
    await paused();
    await client.operations.pause('letters');
    expect([await list('wait'), await list('paused')]).toEqual([[], ['ob-3', 'ob-2', 'ob-1']]);
  });

  it('the same when it is resumed', async () => {
    await paused();
    await client.operations.resume('letters');
    expect((await list('wait')).sort()).toEqual(['ob-1', 'ob-2', 'ob-3']);
    expect(await list('paused')).toEqual([]);
  });
});

describe('a queue that is not declared', () => {
  it.each(['nowhere', '', '__proto__', 'letters:wait'])(
    '%j can’t be paused: 404, and it says which there are',
    async (name) => {
      for (const call of ['pause', 'resume'] as const) {
        const refused = client.operations[call](name);
        await expect(refused).rejects.toMatchObject({ code: 'queue-not-found', status: 404 });
        await expect(refused).rejects.toThrow('letters, parcels');
      }
    },
  );
});
