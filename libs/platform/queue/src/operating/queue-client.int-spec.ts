import { randomBytes } from 'node:crypto';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import Bull from 'bull';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientApp } from '../testing/client-app.js';
import { QueueApp } from '../testing/queue-app.js';

let server: RedisServerFixture;
let client: ClientApp;
let unhandled: unknown[];
const notice = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  unhandled = [];
  process.on('unhandledRejection', notice);
  server = await RedisServerFixture.reserve();
});
afterEach(async () => {
  await client.close();
  await server.dispose();
  process.off('unhandledRejection', notice);
  expect(unhandled).toEqual([]);
});

const start = async () =>
  (client = await ClientApp.start(server.url, `{test-${randomBytes(5).toString('hex')}}`));
const probe = () => client.health.entries[0]!.probe();

/** Whatever is asked: refused as unavailable. */
async function refusesEverything(): Promise<void> {
  const { operations } = client;
  const calls = [operations.overview(), operations.pause('letters'), operations.resume('letters')];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'queue-unavailable', status: 503, retryAfterSeconds: 2 },
    });
  }
  await expect(probe()).rejects.toThrow('does not answer');
  // As a page asks them, with Bull's own calls.
  for (const view of client.views.all) {
    await expect(view.getJobCounts()).rejects.toThrow();
    await expect(view.getJobs(['waiting'])).rejects.toThrow();
  }
}

const works = () =>
  eventually(async () => {
    expect(await client.operations.overview()).toHaveLength(2);
    expect(await client.operations.pause('letters')).toMatchObject({ paused: true });
    await probe();
    expect(await client.views.all[0]!.getJobCounts()).toMatchObject({ waiting: 0 });
    expect(await client.views.all[0]!.getJobs(['waiting'])).toEqual([]);
  });

describe('a process that only operates the queues', () => {
  it('starts while Redis is away, refuses each call meanwhile, and works as soon as Redis is there', async () => {
    await start();
    await refusesEverything();
    client.signal.nudge();
    await server.start();
    await works();
  });

  it('stops while Redis is away', async () => {
    await start();
    let isStopped = false;
    void client.close().then(() => (isStopped = true));
    await eventually(() => isStopped);
    expect(unhandled).toEqual([]);
  });

  it('does not need Redis to be ready', async () => {
    await start();
    expect(client.health.entries).toEqual([
      expect.objectContaining({ name: 'queue-redis', required: false }),
    ]);
  });

  it('refuses while Redis is killed, and goes on when it is back', async () => {
    await server.start();
    await start();
    await works();
    await server.kill();
    await eventually(refusesEverything);
    await server.start();
    await works();
  });

  it('refuses while Redis is frozen, and goes on when it is not', async () => {
    await server.start();
    await start();
    await works();
    server.freeze();
    for (let round = 0; round < 5; round += 1) await refusesEverything();
    server.thaw();
    await works();
  });

  it('can’t pause what is a read-only replica for now, and can once it is the primary', async () => {
    await server.start();
    await start();
    await works();
    await server.command('REPLICAOF', '127.0.0.1', '1');
    await expect(client.operations.resume('letters')).rejects.toMatchObject({ code: 'queue-unavailable' });
    await server.command('REPLICAOF', 'NO', 'ONE');
    await works();
  });

  it('leaves no connection behind', async () => {
    await server.start();
    await start();
    await works();
    const stop = client.signal.onNudge(() => {});
    const clients = async () =>
      String(await server.command('CLIENT', 'LIST'))
        .trim()
        .split('\n').length;
    await eventually(async () => (await clients()) === 3);
    await client.close();
    // The one that asks.
    await eventually(async () => (await clients()) === 1);
    stop();
  });
});

describe('naive twin: Bull itself as such a client', () => {
  it('as it comes, waits for Redis without end instead of refusing', async () => {
    await start();
    const queue = new Bull('letters', {
      createClient: () => new Redis(server.url, { maxRetriesPerRequest: null }),
    });
    queue.client.on('error', () => {});
    let settled = false;
    void queue.pause().then(
      () => (settled = true),
      () => (settled = true),
    );
    await refusesEverything();
    expect(settled).toBe(false);
    queue.client.disconnect();
  });
});

describe('a worker beside it', () => {
  it('needs Redis to be ready, and its probe asks nothing that waits', async () => {
    await start();
    await server.start();
    const worker = await QueueApp.start(server.url);
    const [entry] = worker.app.get(HealthRegistry).entries;
    expect(entry).toMatchObject({ name: 'queue-redis', required: true });
    await eventually(() => entry!.probe());
    await server.kill();
    await eventually(() => expect(entry!.probe()).rejects.toThrow('does not answer'));
    await server.start();
    await eventually(() => entry!.probe());
    await worker.close();
  });
});
