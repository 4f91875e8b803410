import { eventually, RedisServerFixture, topology } from '@fourfold-tools/testing';
import { Injectable } from '@nestjs/common';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JobContext, type JobProcessor, ProcessorFor } from './processors/processor-for.js';
import { message, QueueApp } from './testing/queue-app.js';
import { letters, parcels } from './testing/queues.js';

interface Delivery extends JobContext {
  payload: { to: string };
}

let handle: (delivery: Delivery) => void | Promise<void>;
let deliveries: Delivery[];
let running: QueueApp | undefined;

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor<{ to: string }> {
  async handle(payload: { to: string }, context: JobContext): Promise<void> {
    deliveries.push({ payload, ...context });
    await handle({ payload, ...context });
  }
}

beforeEach(() => {
  register.resetMetrics();
  deliveries = [];
  handle = () => {};
});
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(): Promise<QueueApp> {
  running = await QueueApp.start(topology().redisQueue.url, [LetterProcessor]);
  return running;
}

const outcomes = async () =>
  (await register.getSingleMetric('queue_jobs_total')?.get())?.values.map(({ labels, value }) => ({
    ...labels,
    value,
  }));

describe('a @ProcessorFor class', () => {
  it('gets each message of its queue with payload, message id and attempt; nothing is kept of it afterwards', async () => {
    const app = await start();
    expect(await app.publish(message(1), message(2, 'letters', { to: 'her' }))).toEqual(['1', '2']);
    await eventually(() => deliveries.length === 2);
    expect(deliveries).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ payload: { to: 'you' }, messageId: 'm-1', attempt: 1 }),
        expect.objectContaining({ payload: { to: 'her' }, messageId: 'm-2', attempt: 1 }),
      ]),
    );
    await eventually(async () =>
      expect(await app.queue().getJobCounts()).toMatchObject({ completed: 0, active: 0 }),
    );
    const counted = (await outcomes())?.filter(({ value }) => value > 0);
    expect(counted).toEqual([{ queue: 'letters', outcome: 'completed', value: 2 }]);
  });

  it('gets the payload as its schema gives it back: what the schema does not know is not in it', async () => {
    const app = await start();
    await app.publish(message(1, 'letters', { to: 'you', colour: 'red' }));
    await eventually(() => expect(deliveries[0]?.payload).toEqual({ to: 'you' }));
  });

  it('gets nothing of another queue', async () => {
    const app = await start();
    await app.publish(message(1, 'parcels'), message(2));
    await eventually(() => deliveries.length === 1);
    expect(await app.queue(parcels).getWaitingCount()).toBe(1);
  });

  it('that throws is given the job again, with the number of the attempt, until its attempts are over', async () => {
    handle = ({ attempt }) => {
      throw new Error(`no luck in attempt ${attempt}`);
    };
    const app = await start();
    await app.publish(message(1));
    await eventually(async () => (await app.queue().getFailedCount()) === 1);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(await app.queue().getFailed()).toEqual([
      expect.objectContaining({ id: 'ob-1', failedReason: 'no luck in attempt 3', attemptsMade: 3 }),
    ]);
  });

  it('that throws and then does not has done it', async () => {
    handle = ({ attempt }) => {
      if (attempt === 1) throw new Error('once');
    };
    const app = await start();
    await app.publish(message(1));
    await eventually(() => deliveries.length === 2);
    await eventually(async () =>
      expect(await app.queue().getJobCounts()).toMatchObject({ active: 0, failed: 0 }),
    );
  });

  it.each([
    ['a string', 'plain text', 'plain text'],
    ['undefined', undefined, 'undefined'],
    ['an object', { code: 7 }, '{ code: 7 }'],
  ])('that throws %s fails the job like any other', async (_title, thrown: unknown, reason) => {
    handle = () => {
      throw thrown;
    };
    const app = await start();
    await app.publish(message(1));
    await eventually(async () => (await app.queue().getFailedCount()) === 1);
    expect((await app.queue().getFailed())[0]?.failedReason).toBe(reason);
  });
});

describe('a payload that does not fit its queue', () => {
  it('fails at once and is kept, and the handler never sees it', async () => {
    const app = await start();
    await app.publish(message(1, 'letters', { to: 5 }));
    await eventually(async () => (await app.queue().getFailedCount()) === 1);
    const [job] = await app.queue().getFailed();
    expect(job).toMatchObject({ attemptsMade: 1, data: { messageId: 'm-1', payload: { to: 5 } } });
    expect(job?.failedReason).toContain('The payload does not fit queue letters');
    expect(deliveries).toEqual([]);
  });
});

/** Message 1 has used up its attempts; from here on its handler would succeed. */
async function startAfterFailure(): Promise<QueueApp> {
  handle = () => {
    throw new Error('no');
  };
  const app = await start();
  await app.publish(message(1));
  await eventually(async () => (await app.queue().getFailedCount()) === 1);
  handle = () => {};
  return app;
}

describe('publishing the same outbox row again', () => {
  it('while its job waits: one job, confirmed both times', async () => {
    const app = await start();
    expect(await app.publish(message(1, 'parcels'))).toEqual(['1']);
    expect(await app.publish(message(1, 'parcels'))).toEqual(['1']);
    expect(await app.queue(parcels).getWaiting()).toHaveLength(1);
  });

  it('after its attempts were used up: confirmed, and not run again; dead is dead until it is redriven', async () => {
    const app = await startAfterFailure();
    expect(await app.publish(message(1))).toEqual(['1']);
    await app.publish(message(2));
    await eventually(() => deliveries.some(({ messageId }) => messageId === 'm-2'));
    expect(deliveries.filter(({ messageId }) => messageId === 'm-1')).toHaveLength(3);
  });
});

it('an application whose Redis refuses the password does not start, is told which option, and leaves nothing open', async () => {
  const server = await RedisServerFixture.start();
  await server.command('CONFIG', 'SET', 'requirepass', 'secret');
  const sockets = () =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
  const before = sockets();
  await expect(QueueApp.start(server.url)).rejects.toThrow(
    / - redis \(QUEUE_REDIS_URL\): .* refuses the user or the password/,
  );
  await eventually(() => sockets() <= before);
  await server.dispose();
});
