import { randomBytes } from 'node:crypto';
import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BullPublisher } from './bull.publisher.js';
import { OperatingConnection } from './operating/operating.connection.js';
import { QueueApp } from './testing/queue-app.js';

let server: RedisServerFixture;
let apps: QueueApp[];
let prefix: string;

beforeEach(async () => {
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  apps = [];
  server = await RedisServerFixture.start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(apps.map((app) => app.close()));
  await server.dispose();
});

async function publisher(): Promise<BullPublisher> {
  const app = await QueueApp.start(server.url, [], { prefix });
  apps.push(app);
  await eventually(() => app.app.get(OperatingConnection).ping());
  return app.app.get(BullPublisher);
}

const answers = async (...publishers: BullPublisher[]): Promise<boolean[]> => {
  const all: boolean[] = [];
  for (const each of publishers) all.push(await each.foundEmpty());
  return all;
};

describe('whether the queue has lost what it held', () => {
  it('is so in a new Redis, once', async () => {
    const only = await publisher();
    expect(await answers(only, only, only)).toEqual([true, false, false]);
  });

  it('is not so for a process that starts later: the process that left the mark knows', async () => {
    await answers(await publisher());
    const later = await publisher();
    expect(await answers(later, later)).toEqual([false, false]);
  });

  it('is so for one of two that ask at once in a new Redis', async () => {
    const both = [await publisher(), await publisher()];
    expect((await Promise.all(both.map((each) => each.foundEmpty()))).sort()).toEqual([false, true]);
  });

  it('is found by every process after FLUSHALL, once each', async () => {
    const [first, second] = [await publisher(), await publisher()];
    expect(await answers(first, second)).toEqual([true, false]);
    await server.command('FLUSHALL');
    expect(await answers(second, first)).toEqual([true, true]);
    expect(await answers(second, first)).toEqual([false, false]);
  });

  it('is found after Redis was killed and has come back empty, and not when it comes back with its data', async () => {
    const only = await publisher();
    await answers(only);
    await server.command('SAVE');
    await server.kill();
    await server.start();
    await eventually(async () => expect(await only.foundEmpty()).toBe(false));
    await server.command('FLUSHALL');
    await server.command('SAVE');
    await server.kill();
    await server.start();
    await eventually(async () => expect(await only.foundEmpty()).toBe(true));
  });

  it.each(['killed', 'frozen'] as const)(
    'can’t be told while Redis is %s: it is said so, soon',
    async (fault) => {
      const only = await publisher();
      await answers(only);
      if (fault === 'killed') await server.kill();
      else server.freeze();
      await eventually(() => expect(only.foundEmpty()).rejects.toMatchObject({ code: 'queue-unavailable' }));
      server.thaw();
    },
  );

  it('is found by the next question when the answer to the first was lost on its way', async () => {
    const only = await publisher();
    const { client } = apps[0]!.app.get(OperatingConnection);
    const ask = client.eval.bind(client) as (...parameters: unknown[]) => Promise<unknown>;
    vi.spyOn(client, 'eval').mockImplementationOnce(async (...parameters: unknown[]) => {
      await ask(...parameters);
      throw new Error('Connection is closed.');
    });
    await expect(only.foundEmpty()).rejects.toThrow('does not answer');
    expect(await answers(only, only)).toEqual([true, false]);
  });
});
