import { randomBytes } from 'node:crypto';
import { eventually, RedisServerFixture, topology } from '@fourfold-tools/testing';
import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JobProcessor, ProcessorFor } from '../processors/processor-for.js';
import { ClientApp } from '../testing/client-app.js';
import { QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor<{ to: string }> {
  handle(): Promise<void> {
    return Promise.resolve();
  }
}

let prefix: string;
let apps: { close(): Promise<void> }[];
let client: ClientApp;

beforeEach(() => {
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  apps = [];
});
afterEach(() => Promise.all(apps.map((app) => app.close())));

async function startClient(url = topology().redisQueue.url): Promise<void> {
  client = await ClientApp.start(url, prefix);
  apps.push(client);
}

async function startWorker(
  processors: (typeof LetterProcessor)[] = [LetterProcessor],
  url = topology().redisQueue.url,
): Promise<QueueApp> {
  const app = await QueueApp.start(url, processors, { prefix });
  apps.push(app);
  return app;
}

/** Workers of `letters` and of `parcels`. */
const workers = async (): Promise<number[]> =>
  (await client.operations.overview()).map((queue) => queue.workers);
const soonThereAre = (...counts: number[]) => eventually(async () => expect(await workers()).toEqual(counts));

describe('workers alive', () => {
  it('are the processes that process its jobs: not those that only publish to it, or only look', async () => {
    await startClient();
    await startWorker([]);
    await startWorker();
    await startWorker();
    await soonThereAre(2, 0);
  });

  it('do not count any more from the moment that they are told to stop', async () => {
    await startClient();
    const [stopping] = [await startWorker(), await startWorker()];
    await soonThereAre(2, 0);
    await stopping.close();
    expect(await workers()).toEqual([1, 0]);
  });

  it('count for 15 s after their last heartbeat, by the clock of Redis', async () => {
    await startClient();
    const app = await startWorker([]);
    const key = `${prefix}:letters:workers`;
    const heard = async (...agoMs: number[]) => {
      const { client } = app.queue();
      const [seconds] = await client.time();
      for (const ms of agoMs) await client.zadd(key, Number(seconds) * 1_000 - ms, `heard ${ms}`);
    };
    await heard(1_000, 9_000, 16_000, 600_000);
    await soonThereAre(2, 0);
    // The next heartbeat forgets what counts no more.
    await heard(1_000, 9_000);
    await startWorker();
    await soonThereAre(3, 0);
    expect(await app.queue().client.zcard(key)).toBe(3);
  });

  it('are there again as soon as Redis is, when it comes back empty', async () => {
    const server = await RedisServerFixture.start();
    await startClient(server.url);
    await startWorker([LetterProcessor], server.url);
    await soonThereAre(1, 0);
    await server.kill();
    await server.start();
    await soonThereAre(1, 0);
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await server.dispose();
  });
});
