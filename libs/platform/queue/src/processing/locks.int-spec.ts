import { randomBytes } from 'node:crypto';
import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import Bull from 'bull';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LockLostError } from '../job.errors.js';
import { handles } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

/** Longer than a busy machine stands still, so that no lock is lost but by the test. */
const LOCK_MS = 1_000;

let server: RedisServerFixture;
let prefix: string;
let apps: QueueApp[];
/** Names of the workers that began the job, in order. */
let begun: string[];

beforeEach(async () => {
  server = await RedisServerFixture.start();
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  [apps, begun] = [[], []];
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await server.dispose();
});

/** A worker, or a publisher alone. */
async function start(handle?: (signal: AbortSignal, messageId: string) => Promise<void>, name = 'worker') {
  const processors = handle
    ? [
        handles(letters, (_payload, { signal, messageId }) => {
          begun.push(name);
          return handle(signal, messageId);
        }),
      ]
    : [];
  const app = await QueueApp.start(server.url, processors, { prefix, lockMs: LOCK_MS, abortGraceMs: 100 });
  apps.push(app);
  return app;
}

/** Writes are refused until an extension of the lock has failed; then all is well again. */
async function refuseExtension(failures: () => number): Promise<void> {
  await server.command('CONFIG', 'SET', 'maxmemory', '1');
  await eventually(() => failures() > 0, { everyMs: 2 });
  await server.command('CONFIG', 'SET', 'maxmemory', '0');
}

/** Counts the extensions that Redis refuses to workers of ours. */
function refusedExtensions(app: QueueApp): () => number {
  let failures = 0;
  const { client } = app.queue() as unknown as {
    client: { extendLock(...parameters: unknown[]): Promise<unknown> };
  };
  const extendLock = client.extendLock.bind(client);
  vi.spyOn(client, 'extendLock').mockImplementation((...parameters) =>
    extendLock(...parameters).catch((error: unknown) => {
      failures += 1;
      throw error;
    }),
  );
  return () => failures;
}

/** Waits until so many looks for stalled jobs have found whatever there was: one marks, the next takes back. */
async function looksForStalled(count: number): Promise<void> {
  const queue = apps[0]!.queue();
  const looks = new Set<string>();
  await eventually(
    async () => {
      const at = await queue.client.get(queue.toKey('stalled-check'));
      if (at) looks.add(at);
      return looks.size > count;
    },
    { everyMs: 20 },
  );
}

describe('an extension of the lock that fails once', () => {
  it('is tried again: the job runs once, and completes', async () => {
    const mayEnd = gate();
    const app = await start(() => mayEnd.passed, 'first');
    await app.publish(message(1));
    await eventually(() => begun.length === 1);
    await start(() => mayEnd.passed, 'second');
    await refuseExtension(refusedExtensions(app));
    await looksForStalled(6);
    expect(begun).toHaveLength(1);
    mayEnd.open();
    await eventually(async () =>
      expect(await app.queue().getJobCounts()).toMatchObject({ active: 0, failed: 0 }),
    );
    expect(begun).toHaveLength(1);
  });

  it('naive twin: with Bull’s own renewal the job runs twice at once', async () => {
    const app = await start();
    const mayEnd = gate();
    const settings = { lockDuration: LOCK_MS, stalledInterval: LOCK_MS / 2, maxStalledCount: 4 };
    let failures = 0;
    const workers = ['first', 'second'].map((name) => {
      const queue = new Bull(letters.name, server.url, { prefix, settings });
      queue.on('lock-extension-failed', () => (failures += 1));
      void queue.process(async () => {
        begun.push(name);
        await mayEnd.passed;
      });
      return queue;
    });
    await Promise.all(workers.map((worker) => worker.isReady()));
    await app.publish(message(1));
    await eventually(() => begun.length >= 1);
    await refuseExtension(() => failures);
    await eventually(() => begun.length >= 2);
    mayEnd.open();
    await Promise.all(workers.map((worker) => worker.close()));
  });
});

describe('a lock that can’t be extended for good', () => {
  /** A worker whose first run of the job ends when it is aborted; the next ones succeed. It is in its first run. */
  async function startUntilAborted() {
    const aborted: unknown[] = [];
    const app = await start(async (signal) => {
      if (begun.length > 1) return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      aborted.push(signal.reason);
      signal.throwIfAborted();
    });
    await app.publish(message(1));
    await eventually(() => begun.length === 1);
    return { app, aborted };
  }

  it('aborts the handler, whose end changes nothing; the job is run again', async () => {
    const { app, aborted } = await startUntilAborted();
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await eventually(() => aborted.length === 1);
    expect(aborted[0]).toBeInstanceOf(LockLostError);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await eventually(async () => {
      expect(begun).toHaveLength(2);
      expect(await app.queue().getJobCounts()).toMatchObject({
        active: 0,
        waiting: 0,
        delayed: 0,
        failed: 0,
      });
    });
  });

  it('the same when Redis has lost everything: the job is gone with it, and published anew it runs', async () => {
    const { app, aborted } = await startUntilAborted();
    await server.command('FLUSHALL');
    await eventually(() => aborted.length === 1);
    expect(await app.queue().getJobCounts()).toMatchObject({ active: 0, delayed: 0, failed: 0 });
    expect(await app.publish(message(1))).toEqual(['1']);
    await eventually(() => begun.length === 2);
  });
});

describe('a worker that loses Redis', () => {
  it('waits, and works on when Redis is back, also when it comes back empty', async () => {
    const ran = new Set<string>();
    const app = await start(async (_signal, messageId) => void ran.add(messageId));
    await app.publish(message(1));
    await eventually(() => ran.has('m-1'));
    await server.kill();
    expect(await app.publish(message(2))).toEqual([]);
    await server.start();
    await eventually(async () => expect(await app.publish(message(2), message(3))).toEqual(['2', '3']));
    await eventually(() => ran.has('m-2') && ran.has('m-3'), { deadlineMs: 20_000 });
  });
});
