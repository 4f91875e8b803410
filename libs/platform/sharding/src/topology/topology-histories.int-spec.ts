import { randomUUID } from 'node:crypto';
import { eventually, RedisServerFixture, type TestDatabase } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../mariadb.support-spec.js';
import { HashRing } from '../ring/hash-ring.js';
import type { Topology } from './topology.document.js';
import { TopologyStore } from './topology.store.js';
import { FollowingProcess } from './topology.support-spec.js';

let database: TestDatabase;
let main: DataSource;
let server: RedisServerFixture;
let redis: Redis;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase('primary');
  main = await openMain(database);
  server = await RedisServerFixture.start();
  redis = server.client();
});
afterAll(async () => {
  redis?.disconnect();
  await server?.dispose();
  await main?.destroy();
  await database?.drop();
});

const steps = [
  'publish',
  'publish',
  'look',
  'look',
  'delete',
  'roll back',
  'garble',
  'forge',
  'restart',
] as const;
const history = fc.array(fc.tuple(fc.constantFrom(...steps), fc.nat(2)), { minLength: 5, maxLength: 25 });

describe('any history of three processes and a Redis that loses, rolls back and invents', () => {
  it('lets no epoch fall, and has each process route as the database had it at that epoch', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (actions) => {
        const key = `${randomUUID()}:shard-topology`;
        await main.query('DELETE FROM shard_topology');
        const written = new Map<number, Topology>();
        const first = await new TopologyStore(main).initialise(['a', 'b', 'c']);
        written.set(1, first);
        const options = { url: server.url, prefix: key.replace('shard-topology', '') };
        const processes = await Promise.all(
          [0, 1, 2].map(() => FollowingProcess.start(main, options, { pollMs: 3_600_000 })),
        );
        const last = processes.map(({ own }) => own.ring.epoch);
        const perform: Record<(typeof steps)[number], (process: FollowingProcess) => Promise<unknown>> = {
          publish: async ({ own, publisher }) => {
            const weight = 1 + (own.ring.epoch % 3);
            const { topology } = own.ring.plan({ kind: 'weight', shard: 'b', weight });
            const stale = await publisher.publish(topology).catch((error: unknown) => error);
            if (stale === undefined) written.set(topology.epoch, topology);
          },
          look: ({ follower }) => follower.look(),
          delete: () => redis.del(key),
          'roll back': () => redis.hset(key, { epoch: '1', document: JSON.stringify(first) }),
          garble: () => redis.pipeline().del(key).set(key, 'nonsense').exec(),
          forge: ({ own }) => {
            const epoch = own.ring.epoch + 1;
            const forged = { ...own.topology, epoch, slots: [{ from: 0, to: 16_383, shard: 'c' }] };
            return redis.hset(key, { epoch: String(epoch), document: JSON.stringify(forged) });
          },
          restart: () => redis.flushall(),
        };
        for (const [step, index] of actions) {
          await perform[step](processes[index]!).catch(() => undefined);
          processes.forEach(({ own }, who) => {
            const { epoch } = own.ring;
            if (epoch < last[who]!) expect.fail(`${step}: from epoch ${last[who]} to ${epoch}`);
            last[who] = epoch;
            expect(own.topology).toEqual(written.get(epoch));
          });
        }
        const current = await new TopologyStore(main).current();
        for (const { follower } of processes) await follower.look();
        for (const { own } of processes) expect(own.topology).toEqual(current);
        await eventually(async () => expect(await redis.hget(key, 'epoch')).toBe(String(current.epoch)));
        await Promise.all(processes.map((process) => process.stop()));
      }),
      { numRuns: 40, endOnFailure: true },
    );
  }, 60_000);

  it('naive twin: a process that believes Redis routes by a document that nobody published', async () => {
    await main.query('DELETE FROM shard_topology');
    const first = await new TopologyStore(main).initialise(['a', 'b', 'c']);
    const forged = { ...first, epoch: 2, slots: [{ from: 0, to: 16_383, shard: 'c' }] };
    await redis.hset('naive', { epoch: '2', document: JSON.stringify(forged) });
    const naive = new HashRing(JSON.parse((await redis.hget('naive', 'document'))!) as Topology);
    expect(naive.shards).toEqual(['c']);
    expect((await new TopologyStore(main).head()).epoch).toBe(1);
  });
});
