import { eventually, RedisServerFixture, type TestDatabase } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import { FollowingProcess } from '../testing/following.process.js';
import { TopologyStore } from './topology.store.js';

const ROUNDS = 10;
const redisPrefix = 'shared:';

let server: RedisServerFixture;
let redis: Redis;
let listener: Redis;
const databases: TestDatabase[] = [];
const mains: DataSource[] = [];
const processes: FollowingProcess[] = [];
const notices: string[] = [];

/** An environment of its own, with changes behind it; it polls only when the test does. */
async function environment(shards: string[], changes: number): Promise<FollowingProcess> {
  const database = await freshDatabase('primary');
  databases.push(database);
  const main = await openMain(database);
  mains.push(main);
  await new TopologyStore(main).initialise(shards);
  const redisOptions = { url: server.url, prefix: redisPrefix };
  const process = await FollowingProcess.start(main, redisOptions, { pollMs: 3_600_000 });
  processes.push(process);
  for (let change = 1; change <= changes; change++) {
    const weight = 1 + (change % 2);
    const { own, shared } = process;
    await shared.publish(own.ring.plan({ kind: 'weight', shard: shards[0]!, weight }).topology);
  }
  return process;
}

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = await RedisServerFixture.start();
  redis = server.client();
  listener = server.client();
  listener.on('message', (_channel: string, epoch: string) => notices.push(epoch));
  await listener.subscribe(`${redisPrefix}shard-topology:changed`);
});
afterAll(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  redis?.disconnect();
  listener?.disconnect();
  await server?.dispose();
  await Promise.all(mains.map((main) => main.destroy()));
  await Promise.all(databases.map((database) => database.drop()));
});

describe('two environments that use one Redis and one prefix by mistake', () => {
  it('each keep their own topology, and replace one another’s copy at each look and no faster', async () => {
    const ahead = await environment(['a', 'b'], 8);
    const behind = await environment(['x', 'y'], 2);
    const kept = [ahead.own.topology, behind.own.topology];
    const copied = (epoch: string) =>
      eventually(async () => expect(await redis.hget(`${redisPrefix}shard-topology`, 'epoch')).toBe(epoch));
    await copied('3');
    notices.length = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await ahead.follower.look();
      await copied('3');
      await behind.follower.look();
    }
    await redis.publish(`${redisPrefix}shard-topology:changed`, 'end');
    await eventually(() => notices.includes('end'));
    expect(notices.length).toBeLessThanOrEqual(2 * ROUNDS + 1);
    expect([ahead.own.topology, behind.own.topology]).toEqual(kept);
  });
});
