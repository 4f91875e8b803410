import { eventually, ForkedProcess, RedisServerFixture, type TestDatabase } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import type { RingChange } from '../ring/planning/ring-change.js';
import type { TopologyProcessOptions, TopologyReport } from '../testing/topology.process.js';
import type { Topology } from '../ring/topology.js';
import { FollowingProcess } from '../testing/following.process.js';
import { StaleTopologyError, storedTopology, TopologyStore } from './topology.store.js';

const script = new URL('../testing/topology.runner.mjs', import.meta.url);
/** No poll comes in a test: what is followed is followed by its notice. */
const NO_POLL_MS = 3_600_000;
const RACES = 20;

let database: TestDatabase;
let main: DataSource;
let server: RedisServerFixture;
let here: FollowingProcess;
let others: ForkedProcess<TopologyReport>[];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase('primary');
  main = await openMain(database);
  await new TopologyStore(main).initialise(['shard-0', 'shard-1', 'shard-2', 'shard-3']);
  server = await RedisServerFixture.start();
  const redis = { url: server.url, prefix: 'test:' };
  here = await FollowingProcess.start(main, redis);
  const options: TopologyProcessOptions = { databaseUrl: database.appUrl, redis, pollMs: NO_POLL_MS };
  others = await Promise.all([1, 2].map(() => ForkedProcess.start<TopologyReport>(script, options)));
});
afterAll(async () => {
  await Promise.all((others ?? []).map((other) => other.crash()));
  await here?.stop();
  await server?.dispose();
  await main?.destroy();
  await database?.drop();
});

const weight = (shard: string, of: number): RingChange => ({ kind: 'weight', shard, weight: of });
const latest = () => here.own.ring.epoch;
const publish = (change: RingChange) => here.shared.publish(here.own.ring.plan(change).topology);
const following = () =>
  eventually(() => new TopologyStore(main).current().then(({ epoch }) => expect(latest()).toBe(epoch)));

/** All that a process has adopted; each is held against what the database has under that epoch. */
async function adoptedBy(process: ForkedProcess<TopologyReport>, until: number): Promise<number[]> {
  const epochs: number[] = [];
  for (let nth = 1; epochs.at(-1) !== until; nth++) {
    const { topology } = await process.told('adopted', nth);
    epochs.push(topology.epoch);
    expect(topology).toEqual(await inDatabase(topology.epoch));
  }
  return epochs;
}

async function inDatabase(epoch: number): Promise<Topology> {
  const select = 'SELECT document FROM shard_topology WHERE epoch = ?';
  const [row] = await main.query<{ document: string }[]>(select, [epoch]);
  return storedTopology(epoch, row!.document);
}

const isAscending = (epochs: number[]) => epochs.every((epoch, i) => i === 0 || epoch > epochs[i - 1]!);

describe('processes of their own', () => {
  it('follow a change made in one of them, whichever it is', async () => {
    await publish(weight('shard-1', 2));
    await Promise.all(others.map((other) => adoptedBy(other, 2)));
    others[0]!.say(weight('shard-2', 2));
    await eventually(() => expect(latest()).toBe(3));
    await Promise.all(others.map((other) => adoptedBy(other, 3)));
  });

  it('that was frozen, and heard nothing of three changes, hears of them on its return', async () => {
    const [frozen, other] = others as [ForkedProcess<TopologyReport>, ForkedProcess<TopologyReport>];
    frozen.pause();
    for (const of of [3, 4, 5]) await publish(weight('shard-3', of));
    await adoptedBy(other, latest());
    frozen.resume();
    await adoptedBy(frozen, latest());
  });

  it('race to publish: of each epoch there is one topology, and a publisher that lost the race is told', async () => {
    const refusals: unknown[] = [];
    for (let race = 1; race <= RACES; race++) {
      const before = latest();
      others.forEach((other, i) => other.say(weight(`shard-${i}`, 1 + race)));
      await publish(weight('shard-2', 1 + race)).catch((error: unknown) => refusals.push(error));
      await eventually(() => expect(latest()).toBeGreaterThan(before));
      await following();
      for (const other of others) await adoptedBy(other, latest());
    }
    for (const other of others) {
      const epochs = await adoptedBy(other, latest());
      expect(isAscending(epochs)).toBe(true);
    }
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(StaleTopologyError);
    const refused = await Promise.any(others.map((other) => other.told('refused')));
    expect(refused.code).toBe('stale-topology');
  });
});
