import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEAD_REASON_FIELD } from '../dead-reason.js';
import { UnrecoverableJobError } from '../job.errors.js';
import { handles, type Handle } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

const definition = { ...letters, attempts: 2 };

let server: RedisServerFixture;
let app: QueueApp;
let attempts: number[];

beforeEach(async () => {
  server = await RedisServerFixture.start();
  attempts = [];
});
afterEach(async () => {
  await app.close();
  await server.dispose();
});

async function start(
  handle: Handle,
  limits: { softLimitMs?: number; hardLimitMs?: number } = {},
): Promise<void> {
  const queue = { ...definition, ...limits };
  const counted = handles(queue, async (payload, context) => {
    attempts.push(context.attempt);
    await handle(payload, context);
  });
  app = await QueueApp.start(server.url, [counted], {
    queues: [queue],
    abortGraceMs: 100,
    drainMs: 100,
    onStuck: (error) => stuck.push(error),
  });
}
const stuck: Error[] = [];

const fail: Handle = () => Promise.reject(new Error('no luck'));
const job = (field: string) => app.queue().client.hget(app.queue().toKey('ob-1'), field);
const hasFailed = (count = 1) =>
  eventually(async () => (await app.queue().getFailedCount()) === count, { deadlineMs: 20_000 });

describe('a job that fails for good', () => {
  it('is kept with its reason, its error, and a stack of each attempt', async () => {
    await start(fail);
    await app.publish(message(1));
    await hasFailed();
    expect(await job(DEAD_REASON_FIELD)).toBe('attempts');
    expect(await job('failedReason')).toBe('no luck');
    expect(await job('attemptsMade')).toBe('2');
    expect(JSON.parse((await job('stacktrace'))!)).toEqual([
      expect.stringContaining('no luck'),
      expect.stringContaining('no luck'),
    ]);
  });

  it('has one attempt when its handler says that more are no use', async () => {
    await start(() => Promise.reject(new UnrecoverableJobError('no use')));
    await app.publish(message(1));
    await hasFailed();
    expect([attempts, await job(DEAD_REASON_FIELD)]).toEqual([[1], 'unrecoverable']);
  });

  it('because Redis was read-only when its last attempt failed, is not left active either', async () => {
    const [failing, mayFail] = [gate(), gate()];
    await start(async (_payload, { attempt }) => {
      if (attempt === 2 && attempts.length === 2) {
        failing.open();
        await mayFail.passed;
      }
      throw new Error('no luck');
    });
    await app.publish(message(1));
    await failing.passed;
    await server.command('REPLICAOF', '127.0.0.1', '1');
    mayFail.open();
    await eventually(async () =>
      String(await server.command('INFO', 'errorstats')).includes('errorstat_READONLY'),
    );
    await server.command('REPLICAOF', 'NO', 'ONE');
    await hasFailed();
    expect(await job(DEAD_REASON_FIELD)).toBe('attempts');
    // The move is sent again; where the lock has run out by then, the last attempt is run again.
    expect(new Set(attempts)).toEqual(new Set([1, 2]));
  });

  it('because Redis was full when it failed, is not left active afterwards', async () => {
    const mayFail = gate();
    await start(async () => {
      await mayFail.passed;
      throw new Error('no luck');
    });
    await app.publish(message(1));
    await eventually(() => attempts.length === 1);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    mayFail.open();
    await eventually(async () =>
      String(await server.command('INFO', 'errorstats')).includes('errorstat_OOM'),
    );
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await hasFailed();
    await app.publish(message(2));
    await hasFailed(2);
  });

  it('naive twin: once Redis was full, Bull’s own failing of a job does nothing, and says nothing', async () => {
    app = await QueueApp.start(server.url);
    await app.publish(message(1), message(2));
    const [first, second] = [await app.queue().getNextJob(), await app.queue().getNextJob()];
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(first!.moveToFailed({ message: 'no luck' })).rejects.toThrow('EXECABORT');
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    for (const each of [first, second]) await each!.moveToFailed({ message: 'no luck' });
    expect(await app.queue().getJobCounts()).toMatchObject({ active: 2, failed: 0, delayed: 0 });
  });
});

describe('a job that was not put there by a publisher', () => {
  it.each([
    ['with a name', 'odd-job', { messageId: 'm', payload: { to: 'you' } }, 'knows no job named odd-job'],
    ['with other data', '__default__', { to: 'you' }, 'was not put on queue letters by its publisher'],
  ])('%s is dead at once, whatever its own options are', async (_title, name, data, said) => {
    await start(fail);
    await app.queue().add(name, data, { jobId: 'ob-1', attempts: 9, backoff: { type: 'unknown-type' } });
    await hasFailed();
    expect(await job('failedReason')).toContain(said);
    expect([attempts, await job(DEAD_REASON_FIELD)]).toEqual([[], 'invalid-payload']);
  });

  it('with an unknown back-off is retried with the queue’s own', async () => {
    await start(fail);
    const data = { messageId: 'm', payload: { to: 'you' } };
    await app.queue().add(data, { jobId: 'ob-1', attempts: 2, backoff: { type: 'unknown-type' } });
    await hasFailed();
    expect(attempts).toEqual([1, 2]);
  });
});

describe('a handler over its limits', () => {
  it('is asked to stop at the soft limit, and its failure is one like any other', async () => {
    await start(
      async (_payload, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        signal.throwIfAborted();
      },
      { softLimitMs: 50 },
    );
    await app.publish(message(1));
    await hasFailed();
    expect(attempts).toEqual([1, 2]);
    expect(await job('failedReason')).toContain('over the soft limit of queue letters, 50 ms');
  });

  it('may still succeed after the soft limit', async () => {
    await start(
      (_payload, { signal }) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      { softLimitMs: 50 },
    );
    await app.publish(message(1));
    await eventually(async () => attempts.length === 1 && (await job('data')) === null);
    expect(await app.queue().getFailedCount()).toBe(0);
  });

  it('that never settles is dead at the hard limit, others go on, and the process is told that it must end', async () => {
    stuck.length = 0;
    await start(({ to }) => (to === 'the-stuck' ? new Promise(() => {}) : undefined), {
      softLimitMs: 50,
      hardLimitMs: 100,
    });
    await app.publish(message(1, 'letters', { to: 'the-stuck' }), message(2));
    await hasFailed();
    expect([attempts, await job(DEAD_REASON_FIELD)]).toEqual([[1, 1], 'timeout']);
    expect(stuck).toEqual([expect.objectContaining({ name: 'HardLimitError' })]);
  });
});
