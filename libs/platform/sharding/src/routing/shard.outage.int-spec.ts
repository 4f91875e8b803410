import { eventually, gate } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HashRing } from '../ring/hash-ring.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';
import { failureOf, keyOn, ping, SHARDS, TestShards } from '../testing/test-shards.js';
import { evenTopology } from '../ring/topology.js';

const ring = new HashRing(evenTopology(SHARDS));
const [here, there] = [keyOn(ring, 'shard-1'), keyOn(ring, 'shard-2')];

/** What is waited for up to one of these fails the test by its own time. */
const DEADLINE_MS = 600_000;
const PATIENT = {
  connectTimeoutMs: DEADLINE_MS,
  acquireTimeoutMs: DEADLINE_MS,
  operationTimeoutMs: DEADLINE_MS,
};

let shards: TestShards;
beforeAll(async () => {
  shards = await TestShards.start();
});
afterEach(() => shards.proxy('shard-1').open());
afterAll(() => shards.stop());

describe('a shard that is down', () => {
  it('fails fast from the start, leaves others alone, and is used again when it is up', async () => {
    const { router, registry } = await shards.router(PATIENT);
    await shards.proxy('shard-1').close();
    for (const call of [() => router.read(here, ping), () => router.write(here, ping)]) {
      const error = await failureOf(call());
      expect(error).toBeInstanceOf(ShardUnavailableError);
      expect(error).toMatchObject({
        code: 'shard-unavailable',
        status: 503,
        retryAfterSeconds: 1,
        shard: 'shard-1',
      });
    }
    expect(await router.read(there, ping)).toEqual([{ one: 1 }]);
    expect(await registry.shardHealth()).toMatchObject([
      { shard: 'shard-0', up: true },
      { shard: 'shard-1', up: false, reason: expect.stringMatching(/ECONNREFUSED/) },
      { shard: 'shard-2', up: true },
      { shard: 'shard-3', up: true },
    ]);
    await shards.proxy('shard-1').open();
    await eventually(() => router.read(here, ping));
  });

  it('fails fast when it goes down in use, in the middle of a statement too, and is used again when back', async () => {
    const { router } = await shards.router(PATIENT);
    await Promise.all(Array.from({ length: 8 }, () => router.read(here, ping)));
    const running = gate();
    const broken = failureOf(
      router.write(here, async (manager) => {
        await ping(manager);
        running.open();
        await manager.query('SELECT SLEEP(20)');
      }),
    );
    await running.passed;
    await shards.proxy('shard-1').close();
    expect(await broken).toBeInstanceOf(ShardUnavailableError);
    expect(await failureOf(router.write(here, ping))).toBeInstanceOf(ShardUnavailableError);
    await shards.proxy('shard-1').open();
    await eventually(() => router.write(here, ping));
  });

  it('is named by a scatter, which returns the rest', async () => {
    const { router } = await shards.router();
    await shards.proxy('shard-1').close();
    const { results, unavailableShards } = await router.scatter(async (_manager, shard) => shard, {
      deadlineMs: 60_000,
    });
    expect(unavailableShards).toEqual(['shard-1']);
    expect(results.map(({ value }) => value)).toEqual(['shard-0', 'shard-2', 'shard-3']);
  });
});

describe('a shard that accepts and never answers', () => {
  it('is given up within the deadlines, opened or not, and is used again when it answers', async () => {
    const { router: opened } = await shards.router({ operationTimeoutMs: 500 });
    const { router: unopened } = await shards.router({ connectTimeoutMs: 300 });
    await opened.read(here, ping);
    await shards.proxy('shard-1').freeze();
    // Each error says which deadline it was.
    expect(await failureOf(opened.read(here, ping))).toMatchObject({
      fault: 'late',
      message: expect.stringContaining('no answer within 500 ms'),
    });
    expect(await failureOf(unopened.read(here, ping))).toMatchObject({
      fault: 'connection',
      message: expect.stringContaining('ETIMEDOUT'),
    });
    for (const router of [opened, unopened]) expect(await router.read(there, ping)).toEqual([{ one: 1 }]);
    await shards.proxy('shard-1').open();
    for (const router of [opened, unopened]) await eventually(() => router.read(here, ping));
  });

  it('is named by a scatter at its deadline', async () => {
    const { router } = await shards.router({ connectTimeoutMs: 10_000, acquireTimeoutMs: 10_000 });
    // The others have their connections already: making one may take longer than the deadline on a busy machine.
    await Promise.all([1, 2].map(() => router.scatter(ping, { deadlineMs: 10_000 })));
    await shards.proxy('shard-1').freeze();
    const [scattered, refused] = await Promise.all([
      router.scatter(ping, { deadlineMs: 1_000 }),
      failureOf(router.scatter(ping, { deadlineMs: 1_000, partial: false })),
    ]);
    expect(scattered.unavailableShards).toEqual(['shard-1']);
    expect(scattered.results).toHaveLength(3);
    expect(refused).toMatchObject({
      shard: 'shard-1',
      message: expect.stringContaining('no answer within 1000 ms'),
    });
  });
});

describe('a pool', () => {
  it('turns callers away after the acquire deadline when it is used up, and leaks nothing', async () => {
    const { router } = await shards.router({ poolSize: 2, acquireTimeoutMs: 200 });
    const done = gate();
    const taken = [gate(), gate()];
    const holders = taken.map((started) =>
      router.read(here, async () => {
        started.open();
        await done.passed;
      }),
    );
    await Promise.all(taken.map(({ passed }) => passed));
    // While those who have its connections keep them.
    const turnedAway = Array.from({ length: 5 }, () => failureOf(router.read(here, ping)));
    for (const error of await Promise.all(turnedAway)) expect(error).toMatchObject({ fault: 'busy' });
    done.open();
    await Promise.all(holders);
    const after = await Promise.all(Array.from({ length: 10 }, () => router.read(here, ping)));
    expect(after).toHaveLength(10);
  });

  it('gets its connection back when a callback never returns', async () => {
    const { router } = await shards.router({ poolSize: 1, operationTimeoutMs: 200 });
    const error = await failureOf(router.write(here, () => new Promise(() => {})));
    expect(error).toBeInstanceOf(ShardUnavailableError);
    expect(await router.read(here, ping)).toEqual([{ one: 1 }]);
  });

  it('is not blamed for what a callback could not reach elsewhere', async () => {
    const { router } = await shards.router();
    const elsewhere = Object.assign(new Error('redis is away'), { code: 'ECONNREFUSED' });
    await expect(router.read(here, () => Promise.reject(elsewhere))).rejects.toBe(elsewhere);
  });
});

describe('ShardRegistry', () => {
  it('answers for a shard it has no URL of, or whose password is wrong, without showing a secret', async () => {
    const { registry } = await shards.router();
    await expect(registry.run('shard-9', ping)).rejects.toThrow(ShardUnavailableError);
    const { ShardRegistry } = await import('./shard.registry.js');
    const url = new URL(shards.urls['shard-0']!);
    url.password = 'hunter2';
    const wrong = new ShardRegistry({ 'shard-0': url.href });
    const failure = wrong.run('shard-0', ping);
    await expect(failure).rejects.toThrow(/ER_ACCESS_DENIED_ERROR/);
    await expect(failure).rejects.not.toThrow(/hunter2/);
    await wrong.onApplicationShutdown();
    expect(() => new ShardRegistry({ 'shard-0': 'mysql://u:hunter2@h' })).toThrow(
      /^The URL of shard-0 has no database/,
    );
  });
});
