import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ShardRouter } from '../access/shard.router.js';
import { afterCall } from '../testing/after-call.js';
import { FollowingProcess } from '../testing/following.process.js';
import { MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';

const BATCHES = 2;
const COPY = 'test:shard-topology';
const nothing = { lost: [], doubled: [], stale: [], failed: [] };

let world: MovingWorld;
let redis: RedisServerFixture;
/** What writes and reads, and what has the coordinator, each with connections to Redis of its own. */
let routing: FollowingProcess;
let worker: FollowingProcess;
let oracle: WriteOracle;

beforeEach(async () => {
  Logger.overrideLogger(false);
  world = await MovingWorld.start();
  redis = await RedisServerFixture.start();
  const options = { url: redis.url, prefix: 'test:' };
  [routing, worker] = (await Promise.all(
    [1, 2].map(() => FollowingProcess.start(world.main, options, { pollMs: 100 })),
  )) as [FollowingProcess, FollowingProcess];
  const router = new ShardRouter(routing.own, world.registry, undefined, () => routing.follower.look());
  const keys = Array.from({ length: 600 }, (_, index) => String(index + 1));
  const { roots } = world;
  oracle = new WriteOracle(
    { router, topology: routing.own, roots, rowsOf: (table, shards) => world.rowsOf(table, shards) },
    keys,
  );
  await oracle.fill();
});
afterEach(async () => {
  await oracle?.stop();
  await Promise.all([routing?.stop(), worker?.stop()]);
  await redis?.dispose();
  await world?.stop();
});

/** @param at an incident when the migration is handed its first batch */
async function move(at: () => Promise<void> = async () => {}) {
  const { id, plan } = await world.begin(BATCHES);
  const incident = afterCall('pass', ([, state]) => state === 'handed-off', at);
  // Instead of the 9 s of a real one.
  const announced = afterCall(
    'pass',
    ([, state]) => state === 'copy',
    () => eventually(() => routing.own.ring.hasMoving).then(() => undefined),
  );
  oracle.start(4);
  const tasks = announced(incident(world.tasks()));
  await world.runner({}, { tasks, shared: worker.shared }).runOnce();
  await eventually(async () => expect(routing.own.ring.epoch).toBe((await world.store.head()).epoch));
  await oracle.stop();
  const { state } = await world.tasks().get(id);
  return { state, owner: routing.own.ring.ownerOf(plan.batches[0]!.from), verdict: await oracle.judge() };
}

const moved = { state: 'purged', owner: RECEIVER, verdict: nothing };

describe('a migration', { timeout: 240_000 }, () => {
  it('needs no Redis', async () => {
    await redis.kill();
    expect(await move()).toEqual(moved);
  });

  it('is not undone by a Redis that goes back to the topology before it', async () => {
    await eventually(async () => expect(await redis.command('HGET', COPY, 'epoch')).toBe('1'));
    const before = String(await redis.command('HGET', COPY, 'document'));
    const goBack = async () => {
      await redis.kill();
      await redis.start();
      await redis.command('HSET', COPY, 'epoch', '1', 'document', before);
    };
    expect(await move(goBack)).toEqual(moved);
    const late = await FollowingProcess.start(world.main, { url: redis.url, prefix: 'test:' });
    expect(late.own.ring.ownerOf(0)).toBe(routing.own.ring.ownerOf(0));
    expect(late.own.ring.epoch).toBe(routing.own.ring.epoch);
    await late.stop();
  });
});
