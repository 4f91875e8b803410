import { randomBytes } from 'node:crypto';
import { eventually, gate } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { HashRing } from '../ring/hash-ring.js';
import { ShardRows } from '../overview/shard-rows.js';
import type { ShardConnectionOptions } from './shard-connection.options.js';
import { failureAtOnce, failureOf, keyOn, ping, SHARDS, TestShards, timed } from '../testing/test-shards.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';
import { evenTopology } from '../ring/topology.js';

const ring = new HashRing(evenTopology(SHARDS));
const [here, there] = [keyOn(ring, 'shard-1'), keyOn(ring, 'shard-2')];

/** Quick to suspect and to try again; a shard has time to answer, however busy this machine is. */
const QUICK = { suspectAfterMs: 100, retryAfterMs: 300 };
const WARY = { suspectAfterMs: 100, connectTimeoutMs: 10_000, acquireTimeoutMs: 10_000 };

let shards: TestShards;
beforeAll(async () => {
  shards = await TestShards.start();
});
beforeEach(() => register.resetMetrics());
afterEach(() => shards.proxy('shard-1').open());
afterAll(() => shards.stop());

async function opened(options: Partial<ShardConnectionOptions> = QUICK) {
  const made = await shards.router(options);
  await made.router.read(here, ping);
  const breaker = () => made.registry.breakerOf('shard-1');
  return { ...made, breaker, opens: () => eventually(() => breaker() === 'open', { everyMs: 5 }) };
}

describe('a shard that is down', () => {
  it('opens its breaker by the first call that fails, is refused at once, and closes it by itself', async () => {
    // A first answer that took long would have made it suspect the shard, and trust it for a moment, before it fails.
    const { router, breaker, opens } = await opened({ ...QUICK, suspectAfterMs: 60_000 });
    await shards.proxy('shard-1').close();
    expect(await failureOf(router.read(here, ping))).toBeInstanceOf(ShardUnavailableError);
    await opens();
    expect(await failureAtOnce(router.read(here, ping))).toMatchObject({
      fault: 'breaker',
      shard: 'shard-1',
      message: expect.stringMatching(/breaker is open .*tried again in \d+ ms/),
    });
    expect(await router.read(there, ping)).toEqual([{ one: 1 }]);
    await shards.proxy('shard-1').open();
    // No caller asks the shard meanwhile.
    await eventually(() => breaker() === 'closed');
    expect(await router.read(here, ping)).toEqual([{ one: 1 }]);
  });
});

describe('a shard that accepts and never answers', () => {
  it('naive: with a deadline and no breaker each caller waits for the whole of it', async () => {
    const { router } = await shards.router({ suspectAfterMs: 60_000, operationTimeoutMs: 1_000 });
    await router.read(here, ping);
    await shards.proxy('shard-1').freeze();
    const calls = await Promise.all(Array.from({ length: 5 }, () => timed(router.read(here, ping))));
    for (const { ms } of calls) expect(ms).toBeGreaterThan(300);
  });

  it('opens its breaker long before the deadline of those who wait, and lets them go', async () => {
    const { router, registry, opens } = await opened({ ...QUICK, operationTimeoutMs: 600_000 });
    const holds = gate();
    const write = failureOf(
      router.write(here, async (manager) => {
        await ping(manager);
        holds.open();
        await manager.query('SELECT SLEEP(20)');
      }),
    );
    await holds.passed;
    await shards.proxy('shard-1').freeze();
    const waiting = Array.from({ length: 40 }, () => failureOf(router.read(here, ping)));
    await opens();
    for (const error of await Promise.all([write, ...waiting])) {
      expect(error).toBeInstanceOf(ShardUnavailableError);
    }
    expect(await failureAtOnce(router.read(here, ping))).toMatchObject({ fault: 'breaker' });
    expect(await registry.shardHealth()).toMatchObject([
      { up: true, breaker: 'closed' },
      { shard: 'shard-1', up: false, breaker: expect.stringMatching(/open/) },
      { up: true, breaker: 'closed' },
      { up: true, breaker: 'closed' },
    ]);
    await shards.proxy('shard-1').open();
    await eventually(() => router.write(here, ping));
  });
});

describe('a shard that is well', () => {
  it('is not refused because callers give it too little time', async () => {
    const { router, breaker } = await opened(WARY);
    for (let n = 0; n < 10; n += 1) {
      const { unavailableShards } = await router.scatter((manager) => manager.query('SELECT SLEEP(1)'), {
        deadlineMs: 20,
      });
      expect(unavailableShards).toEqual(SHARDS);
      expect(await router.read(here, ping)).toEqual([{ one: 1 }]);
    }
    expect(breaker()).toBe('closed');
  });

  it('is not refused because its pool is used up, or its answers take long', async () => {
    const { router, registry } = await shards.router({ ...WARY, poolSize: 2, acquireTimeoutMs: 400 });
    // Its connections are made before: that may take a busy machine longer than a caller waits for one.
    await eventually(() => Promise.all([1, 2].map(() => router.read(here, ping))));
    // The answers take until the refusals are there.
    const lock = `breaker-${randomBytes(5).toString('hex')}`;
    const holder = await createConnection({ uri: shards.urls['shard-1']! });
    onTestFinished(() => holder.end());
    await holder.query('DO GET_LOCK(?, 0)', [lock]);
    const held = [gate(), gate()];
    const slow = held.map(({ open }) =>
      router.read(here, (manager) => {
        open();
        return manager.query(`SELECT GET_LOCK('${lock}', 60), RELEASE_LOCK('${lock}')`);
      }),
    );
    await Promise.all(held.map(({ passed }) => passed));
    const turnedAway = await Promise.all(
      Array.from({ length: 10 }, () => failureOf(router.read(here, ping))),
    );
    for (const error of turnedAway) expect(error).toMatchObject({ fault: 'busy' });
    expect(registry.breakerOf('shard-1')).toBe('closed');
    await holder.query('DO RELEASE_LOCK(?)', [lock]);
    await Promise.all(slow);
    expect(await router.read(here, ping)).toEqual([{ one: 1 }]);
  });

  it('is not refused because connections are killed, or statements are wrong', async () => {
    const { router, breaker } = await opened(WARY);
    for (let n = 0; n < 10; n += 1) {
      const wrong = await failureOf(router.read(here, (manager) => manager.query('SELECT nothing')));
      expect(wrong).toMatchObject({ errno: 1_054 });
      const connected = gate<string>();
      const killed = failureOf(
        router.read(here, async (manager) => {
          const [row] = await manager.query<{ id: string }[]>('SELECT CONNECTION_ID() AS id');
          connected.open(row!.id);
          await manager.query('SELECT SLEEP(20)');
        }),
      );
      const id = await connected.passed;
      await router.write(here, (manager) => manager.query(`KILL ${id}`));
      expect(await killed).toBeInstanceOf(ShardUnavailableError);
    }
    expect(breaker()).toBe('closed');
  });
});

describe('metrics', () => {
  it('tell the state of each breaker, how long calls took, and how they failed', async () => {
    // No suspicion before the call that fails, and no new trial after it, however busy this machine is.
    const { router, opens } = await opened({ suspectAfterMs: 60_000, retryAfterMs: 60_000 });
    await failureOf(router.read(here, (manager) => manager.query('SELECT nothing')));
    await failureOf(router.read(here, () => Promise.reject(new Error('of the caller'))));
    await shards.proxy('shard-1').close();
    await failureOf(router.read(here, ping));
    await opens();
    await failureOf(router.read(here, ping));
    const text = await register.metrics();
    expect(text).toContain('shard_breaker_state{shard="shard-1",state="open"} 1');
    expect(text).toContain('shard_breaker_state{shard="shard-2",state="closed"} 1');
    for (const kind of ['statement', 'connection', 'breaker'])
      expect(text).toContain(`shard_errors_total{shard="shard-1",kind="${kind}"} 1`);
    expect(text).toContain('shard_query_seconds_count{shard="shard-1"} 4');
  });

  it('do not count probes, estimates of rows and upkeep', async () => {
    const { registry, upkeep, topology } = await shards.router();
    const counted = async () =>
      (await register.metrics()).match(/^shard_(query_seconds_count|errors_total).*$/gm);
    register.resetMetrics();
    const none = await counted();
    expect(await registry.shardHealth()).toHaveLength(SHARDS.length);
    await upkeep.read('shard-1', ping);
    const rows = new ShardRows(registry, topology, { rowsEveryMs: 600_000 });
    rows.onModuleInit();
    await eventually(() => expect(rows.current()).toHaveLength(SHARDS.length));
    await rows.onApplicationShutdown();
    await failureOf(registry.run('shard-1', (runner) => runner.query('SELECT nothing')));
    expect(await counted()).toEqual(none);
  });
});
