import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { eventually, FaultProxy, RedisServerFixture, type TestDatabase } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import { HashRing } from '../ring/hash-ring.js';
import type { Topology } from '../ring/topology.js';
import { FollowingProcess } from '../testing/following.process.js';
import { StaleTopologyError, TopologyStore } from './topology.store.js';

const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'];
/** No poll comes in a test: what is followed is followed by its notice. */
const NO_POLL_MS = 3_600_000;

let database: TestDatabase;
let main: DataSource;
let server: RedisServerFixture;
let link: FaultProxy;
let redis: Redis;
let prefix: string;
let store: TopologyStore;
const processes: FollowingProcess[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase('primary');
  main = await openMain(database);
  store = new TopologyStore(main);
  server = await RedisServerFixture.start();
  link = await new FaultProxy(server.url).open();
  redis = server.client();
});
afterAll(async () => {
  redis?.disconnect();
  await link?.close();
  await server?.dispose();
  await main?.destroy();
  await database?.drop();
});
beforeEach(async () => {
  prefix = `${randomUUID()}:`;
  await main.query('DELETE FROM shard_topology');
  await store.initialise(SHARDS);
});
afterEach(async () => {
  await link.open();
  await Promise.all(processes.splice(0).map((process) => process.stop()));
});

const key = () => `${prefix}shard-topology`;
const copied = () => redis.hget(key(), 'epoch');

async function start(pollMs?: number): Promise<FollowingProcess> {
  const process = await FollowingProcess.start(
    main,
    { url: link.url, prefix },
    pollMs === undefined ? {} : { pollMs },
  );
  processes.push(process);
  return process;
}

/** Another owner of many slots, one epoch on. */
function nextOf(topology: Topology): Topology {
  const { epoch } = topology;
  const change = { shard: `shard-${epoch % 4}`, weight: 1.5 + (epoch % 3) };
  return new HashRing(topology).plan({ kind: 'weight', ...change }).topology;
}

const followed = (who: FollowingProcess, epoch: number) =>
  eventually(() => expect(who.own.ring.epoch).toBe(epoch));

describe('a change of the topology', () => {
  it('is followed by every process at its notice, without a restart', async () => {
    const [publisher, ...others] = await Promise.all([1, 2, 3].map(() => start(NO_POLL_MS)));
    const next = nextOf(publisher!.own.topology);
    await publisher!.shared.publish(next);
    expect(publisher!.own.ring.epoch).toBe(2);
    await Promise.all(others.map((other) => followed(other, 2)));
    for (const { own } of others) expect(own.topology).toEqual(next);
  });

  it('is found by the poll when its notice is lost', async () => {
    const process = await start();
    await eventually(async () => expect(await copied()).toBe('1'));
    const next = nextOf(process.own.topology);
    await store.publish(next);
    await redis.hset(key(), { epoch: '2', document: JSON.stringify(next) });
    await followed(process, 2);
    expect(process.own.topology).toEqual(next);
  });

  it('is found in the database when its publisher died before it could tell Redis', async () => {
    const process = await start(200);
    await eventually(async () => expect(await copied()).toBe('1'));
    await store.publish(nextOf(process.own.topology));
    await followed(process, 2);
    await eventually(async () => expect(await copied()).toBe('2'));
  });

  it('is followed while Redis is away, by the database', async () => {
    const [publisher, other] = await Promise.all([start(200), start(200)]);
    await link.close();
    await publisher.shared.publish(nextOf(publisher.own.topology));
    await followed(other, 2);
    await link.open();
    await eventually(async () => expect(await copied()).toBe('2'));
  });

  it('is followed while Redis accepts and never answers', async () => {
    const [publisher, other] = await Promise.all([start(200), start(200)]);
    await eventually(async () => expect(await copied()).toBe('1'));
    await link.freeze();
    await publisher.shared.publish(nextOf(publisher.own.topology));
    await followed(other, 2);
    await link.open();
    await eventually(async () => expect(await copied()).toBe('2'));
  });

  it('is followed without any Redis', async () => {
    const alone = await FollowingProcess.start(main, undefined, { pollMs: 100 });
    processes.push(alone);
    await store.publish(nextOf(alone.own.topology));
    await followed(alone, 2);
  });

  it('that two make at once is one’s; the other is told, and nothing of it is kept', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    const changes = ['shard-0', 'shard-2'].map(
      (shard) => a.own.ring.plan({ kind: 'weight', shard, weight: 3 }).topology,
    );
    const outcomes = await Promise.allSettled([a.shared.publish(changes[0]!), b.shared.publish(changes[1]!)]);
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(lost).toEqual([expect.any(StaleTopologyError)]);
    const current = await store.current();
    expect(changes).toContainEqual(current);
    await Promise.all([followed(a, 2), followed(b, 2)]);
    expect([a.own.topology, b.own.topology]).toEqual([current, current]);
  });
});

describe('the copy of the topology in Redis', () => {
  /** A process at epoch 3, and what Redis had at epoch 1. */
  async function atEpochThree(): Promise<{ process: FollowingProcess; old: Record<string, string> }> {
    const process = await start(100);
    await eventually(async () => expect(await copied()).toBe('1'));
    const old = await redis.hgetall(key());
    for (let change = 0; change < 2; change++) await process.shared.publish(nextOf(process.own.topology));
    expect(await copied()).toBe('3');
    return { process, old };
  }

  async function rolledBack({ old }: { old: Record<string, string> }): Promise<void> {
    await redis.hset(key(), old);
    await redis.publish(`${key()}:changed`, '1');
  }

  it('naive twin: adopting what Redis has routes keys to their owners of two epochs ago', async () => {
    const state = await atEpochThree();
    await rolledBack(state);
    const naive = new HashRing(JSON.parse((await redis.hget(key(), 'document'))!) as Topology);
    const keys = Array.from({ length: 1_000 }, (_, id) => String(id));
    const wrong = keys.filter((id) => naive.locate(id).shard !== state.process.own.ring.locate(id).shard);
    expect(naive.epoch).toBe(1);
    expect(wrong).not.toEqual([]);
  });

  it.each<[string, (state: Awaited<ReturnType<typeof atEpochThree>>) => Promise<unknown>]>([
    ['is deleted', () => redis.del(key())],
    ['is rolled back to an older epoch', rolledBack],
    ['becomes something else', () => redis.pipeline().del(key()).set(key(), 'text').exec()],
    ['has an epoch that is no number', () => redis.hset(key(), 'epoch', 'tomorrow')],
    ['has no document', () => redis.hdel(key(), 'epoch', 'document')],
  ])('that %s changes nothing, and is put right', async (_what, damage) => {
    const state = await atEpochThree();
    const { topology } = state.process.own;
    const adopted: number[] = [];
    state.process.own.onAdopted(({ epoch }) => adopted.push(epoch));
    await damage(state);
    await eventually(async () => expect(await copied()).toBe('3'));
    expect(state.process.own.topology).toEqual(topology);
    expect(adopted).toEqual([]);
    const late = await start();
    expect(late.own.topology).toEqual(topology);
  });

  it('that is ahead of the database is not believed, and is replaced', async () => {
    const { process } = await atEpochThree();
    const foreign = { ...nextOf(process.own.topology), epoch: 9 };
    await redis.hset(key(), { epoch: '9', document: JSON.stringify(foreign) });
    await redis.publish(`${key()}:changed`, '9');
    await eventually(async () => expect(await copied()).toBe('3'));
    expect(process.own.ring.epoch).toBe(3);
  });

  it.each<[string, (next: Topology) => unknown]>([
    [
      'another document of the right epoch',
      (next) => ({ ...next, slots: [{ ...next.slots[0], to: 16_383 }] }),
    ],
    ['a gap', (next) => ({ ...next, slots: next.slots.slice(1) })],
    ['two owners', (next) => ({ ...next, slots: [...next.slots, next.slots[0]] })],
    ['an unknown shard', (next) => ({ ...next, shards: next.shards.slice(1) })],
    ['an unknown hash', (next) => ({ ...next, hashId: 'crc-32' })],
    ['no JSON', () => '{'],
  ])('with %s is passed over: the document comes from the database', async (_what, forge) => {
    const { process } = await atEpochThree();
    const next = nextOf(process.own.topology);
    const forged = forge(next);
    const document = typeof forged === 'string' ? forged : JSON.stringify(forged);
    await redis.hset(key(), { epoch: '4', document });
    await store.publish(next);
    await redis.publish(`${key()}:changed`, '4');
    await followed(process, 4);
    expect(process.own.topology).toEqual(next);
  });

  it('spares the database the document', async () => {
    const { process } = await atEpochThree();
    const other = await start();
    const { reads } = other;
    await other.follower.look();
    await process.shared.publish(nextOf(process.own.topology));
    await followed(other, 4);
    expect(reads.documents).toBe(1);
  });

  it('comes back with Redis, restarted empty', async () => {
    const { process } = await atEpochThree();
    await server.kill();
    await server.start();
    await eventually(async () => expect(await copied()).toBe('3'), { deadlineMs: 10_000 });
    await process.shared.publish(nextOf(process.own.topology));
    expect(process.own.ring.epoch).toBe(4);
  });
});
