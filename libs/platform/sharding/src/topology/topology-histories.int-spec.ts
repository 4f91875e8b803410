import { randomUUID } from 'node:crypto';
import { eventually, RedisServerFixture, repetitions, type TestDatabase } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import type { HashRing } from '../ring/hash-ring.js';
import { parseTopology, type Topology } from '../ring/topology.js';
import { SharedTopology } from './shared-topology.js';
import { FollowingProcess } from '../testing/following.process.js';
import { TopologyStore } from './topology.store.js';

const steps = ['publish', 'look', 'delete', 'roll back', 'garble', 'forge'] as const;
type Step = (typeof steps)[number];
/** The parts of a batch run at once, each in one of three processes. */
type History = [Step, number][][];

const STEP = fc.tuple(
  fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...steps.slice(0, 2)) }, fc.constantFrom(...steps)),
  fc.nat(2),
);
const HISTORY: fc.Arbitrary<History> = fc.array(fc.array(STEP, { minLength: 1, maxLength: 4 }), {
  minLength: 3,
  maxLength: 12,
});

let database: TestDatabase;
let main: DataSource;
let server: RedisServerFixture;
let redis: Redis;
let key: string;
let first: Topology;

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
beforeEach(reset);

async function reset(): Promise<void> {
  key = `${randomUUID()}:shard-topology`;
  await main.query('DELETE FROM shard_topology');
  first = await new TopologyStore(main).initialise(['a', 'b', 'c']);
}

/** Believes what Redis has, if only it can be read. */
class NaiveTopology extends SharedTopology {
  override async current(known: Topology): Promise<Topology> {
    const document = await redis.hget(key, 'document').catch(() => null);
    return document === null ? known : parseTopology(document);
  }
}

function perform(step: Step, { own, shared, follower }: FollowingProcess): Promise<unknown> {
  const put = (topology: Topology) =>
    redis.hset(key, { epoch: String(topology.epoch), document: JSON.stringify(topology) });
  switch (step) {
    case 'publish':
      return shared.publish(
        own.ring.plan({ kind: 'weight', shard: 'b', weight: 1 + (own.ring.epoch % 3) }).topology,
      );
    case 'look':
      return follower.look();
    case 'delete':
      return redis.del(key);
    case 'roll back':
      return put(first);
    case 'garble':
      return redis.pipeline().del(key).set(key, 'nonsense').exec();
    case 'forge':
      return put({
        ...own.topology,
        epoch: own.ring.epoch + 1,
        slots: [{ from: 0, to: 16_383, shard: 'c' }],
      });
  }
}

/** @returns what was adopted that should not have been, and what was not followed in the end. */
async function faultsOf(history: History, Shared: typeof SharedTopology): Promise<string[]> {
  const options = { url: server.url, prefix: key.replace('shard-topology', '') };
  const polls = { pollMs: 3_600_000 };
  const processes = await Promise.all(
    [0, 1, 2].map(() => FollowingProcess.start(main, options, polls, Shared)),
  );
  const adopted: [ring: HashRing, previous: HashRing][] = [];
  for (const { own } of processes) own.onAdopted((...rings) => adopted.push(rings));
  // A stale publisher is refused, and what garbles may meet what rolls back.
  for (const batch of history)
    await Promise.allSettled(batch.map(([step, who]) => perform(step, processes[who]!)));
  for (const { follower } of processes) await follower.look();
  const rows = await main.query<{ epoch: number; document: unknown }[]>('SELECT * FROM shard_topology');
  const documents = new Map(
    rows.map(({ epoch, document }) => [Number(epoch), JSON.stringify(parseTopology(document))]),
  );
  const current = Math.max(...documents.keys());
  await Promise.all(processes.map((process) => process.stop()));
  return [
    ...adopted.filter(([ring, previous]) => ring.epoch <= previous.epoch).map(() => 'the epoch fell'),
    ...adopted
      .filter(([ring]) => JSON.stringify(ring.topology) !== documents.get(ring.epoch))
      .map(([{ epoch }]) => `epoch ${epoch} is not what the database has`),
    ...processes
      .filter(({ own }) => own.ring.epoch !== current)
      .map(({ own }) => `${own.ring.epoch} is not ${current}`),
  ];
}

describe('any history of three processes and a Redis that loses, rolls back and invents', () => {
  it('lets no epoch fall, has each process route as the database had it, and ends with all at the same', async () => {
    await fc.assert(
      fc.asyncProperty(HISTORY, async (history) => {
        await reset();
        expect(await faultsOf(history, SharedTopology)).toEqual([]);
        const { epoch } = await new TopologyStore(main).head();
        await eventually(async () => expect(await redis.hget(key, 'epoch')).toBe(String(epoch)));
      }),
      { numRuns: repetitions({ quick: 16, full: 40 }), endOnFailure: true },
    );
  }, 120_000);

  it('naive twin: a process that believes Redis routes by a topology that was never published', async () => {
    const history: History = [[['publish', 0]], [['forge', 0]], [['look', 1]]];
    // A process that is still busy with the change may put Redis right after the forgery: then it is run again.
    await eventually(async () => {
      await reset();
      expect(await faultsOf(history, NaiveTopology)).toContain('epoch 3 is not what the database has');
    });
  });
});
