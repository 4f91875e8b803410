import { randomUUID } from 'node:crypto';
import { eventually, FaultProxy, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TopologyCopy } from './topology.copy.js';
import { evenTopology, type Topology } from '../ring/topology.js';

let server: RedisServerFixture;
let link: FaultProxy;
let redis: Redis;
let key: string;
let copy: TopologyCopy;
let notices: (number | undefined)[];

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = await RedisServerFixture.start();
  link = await new FaultProxy(server.url).open();
  redis = server.client();
});
afterAll(async () => {
  redis?.disconnect();
  await link?.close();
  await server?.dispose();
});
beforeEach(async () => {
  const prefix = `${randomUUID()}:`;
  key = `${prefix}shard-topology`;
  notices = [];
  copy = new TopologyCopy({ url: link.url, prefix });
});
afterEach(() => copy.close());

const at = (epoch: number, shards = ['a', 'b']): Topology => ({ ...evenTopology(shards), epoch });
const stored = () => redis.hgetall(key);
const record = ({ epoch, ...rest }: Topology) => ({
  epoch: String(epoch),
  document: JSON.stringify({ epoch, ...rest }),
});

/** Resolves once notices are heard. */
async function watch(): Promise<void> {
  copy.watch((epoch) => notices.push(epoch));
  await eventually(() => notices.length > 0);
  await eventually(() => copy.epoch());
}

describe('the copy in Redis', () => {
  it('opens no connection before it is watched, so that a process that can’t start leaves none', async () => {
    const before = link.accepted;
    const other = new TopologyCopy({ url: link.url });
    await redis.ping();
    expect(link.accepted).toBe(before);
    other.close();
  });

  it('tells at first that changes may have been missed, and then of each change once', async () => {
    await watch();
    expect(await copy.put(at(3))).toBe('3');
    expect(await copy.put(at(3))).toBe('3');
    expect(await copy.put(at(4))).toBe('4');
    await eventually(() => notices.includes(4));
    expect(notices).toEqual([undefined, 3, 4]);
  });

  it('tells again that changes may have been missed when the connection was lost', async () => {
    await watch();
    link.breakConnections();
    await eventually(() => notices.length > 1);
    await eventually(async () => (await copy.put(at(2))) === '2');
    await eventually(() => notices.includes(2));
    expect(notices).toEqual([undefined, undefined, 2]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['nothing', () => redis.ping()],
    ['a lower epoch', () => redis.hset(key, record(at(4)))],
    ['an epoch that is no number', () => redis.hset(key, { epoch: '0x99', document: '{}' })],
    ['no epoch', () => redis.hset(key, { document: 'x' })],
    ['another document of the same epoch', () => redis.hset(key, record(at(5, ['z'])))],
    ['the same epoch without a document', () => redis.hset(key, { epoch: '5' })],
    ['another type', () => redis.set(key, 'text')],
    ['a field of another version', () => redis.hset(key, { ...record(at(4)), more: '1' })],
  ])('is replaced where there is %s', async (_what, arrange) => {
    await watch();
    await arrange();
    expect(await copy.put(at(5))).toBe('5');
    expect(await stored()).toEqual(record(at(5)));
    expect(await copy.document()).toBe(record(at(5)).document);
  });

  it('is never replaced by a lower epoch, unless the caller names its epoch as foreign', async () => {
    await watch();
    await redis.hset(key, record(at(9, ['foreign'])));
    expect(await copy.put(at(5))).toBe('9');
    expect(await copy.put(at(5), '8')).toBe('9');
    expect((await stored()).epoch).toBe('9');
    expect(await copy.put(at(5), '9')).toBe('5');
    expect(await stored()).toEqual(record(at(5)));
  });

  it('has the highest epoch after many were put at once, in whatever order', async () => {
    await watch();
    const other = new TopologyCopy({ url: server.url, prefix: key.replace('shard-topology', '') });
    other.watch(() => {});
    await eventually(() => other.epoch());
    const epochs = Array.from({ length: 40 }, (_, i) => ((i * 17) % 40) + 1);
    await Promise.all(epochs.map((epoch, i) => (i % 2 ? copy : other).put(at(epoch))));
    expect(await stored()).toEqual(record(at(40)));
    other.close();
  });

  it('naive twin: looking at the epoch first and writing then lets a slow process put an older one back', async () => {
    const looked = gate();
    const put = async (topology: Topology, pause?: Promise<void>) => {
      const epoch = Number((await redis.hget(key, 'epoch')) ?? 0);
      await pause;
      if (topology.epoch > epoch) await redis.hset(key, record(topology));
    };
    const slow = put(at(5), looked.passed);
    await put(at(6));
    looked.open();
    await slow;
    expect((await stored()).epoch).toBe('5');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['refuses connections', () => link.close()],
    ['accepts and never answers', () => link.freeze()],
  ])('rejects soon while Redis %s, and serves again by itself', async (_what, fail) => {
    await watch();
    await fail();
    for (const call of [() => copy.epoch(), () => copy.document(), () => copy.put(at(1))])
      await expect(call()).rejects.toThrow();
    await link.open();
    await eventually(async () => expect(await copy.put(at(2))).toBe('2'));
  });
});
