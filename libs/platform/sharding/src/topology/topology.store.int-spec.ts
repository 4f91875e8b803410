import { eventually, type TestDatabase } from '@fourfold-tools/testing';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import { evenTopology, InvalidTopologyError, type Topology } from '../ring/topology.js';
import { StaleTopologyError, TopologyMissingError, TopologyStore } from './topology.store.js';

const COUNT_WAITING = `
  SELECT COUNT(*) AS waiting FROM information_schema.innodb_trx t
    JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
  WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()
`;

let database: TestDatabase;
let main: DataSource;
let store: TopologyStore;

beforeAll(async () => {
  database = await freshDatabase('primary');
  const bare = await new DataSource({ type: 'mysql', url: database.appUrl }).initialize();
  await expect(new TopologyStore(bare).current()).rejects.toThrow(TopologyMissingError);
  await expect(new TopologyStore(bare).publish(evenTopology(['a']))).rejects.toThrow(TopologyMissingError);
  await bare.destroy();
  main = await openMain(database);
  store = new TopologyStore(main);
});
afterAll(async () => {
  await main.destroy();
  await database.drop();
});

describe('TopologyStore', () => {
  it('says what to run while there is no topology', async () => {
    await expect(store.current()).rejects.toThrow(TopologyMissingError);
    await expect(store.current()).rejects.toThrow(/npm run migrate/);
  });

  it('lets the first writer win when many initialise at once with different shards', async () => {
    const wishes = Array.from({ length: 16 }, (_, i) => [`a-${i}`, `b-${i}`]);
    const answers = await Promise.all(wishes.map((names) => store.initialise(names)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(wishes.map((names) => evenTopology(names))).toContainEqual(answers[0]);
    expect(await main.query('SELECT epoch FROM shard_topology')).toEqual([{ epoch: 1 }]);
  });

  it('leaves an existing topology alone, and serves the highest epoch', async () => {
    const second = { ...evenTopology(['x', 'y', 'z']), epoch: 2 };
    await main.query('INSERT INTO shard_topology VALUES (2, ?, UTC_TIMESTAMP(3))', [JSON.stringify(second)]);
    expect(await store.initialise(['other'])).toEqual(second);
    expect(await store.current()).toEqual(second);
  });

  it('publishes the successor of the current topology, and nothing else', async () => {
    const current = await store.current();
    const next = { ...evenTopology(['x', 'y', 'z', 'new']), epoch: current.epoch + 1 };
    await store.publish(next);
    expect(await store.current()).toEqual(next);
    for (const epoch of [1, next.epoch - 1, next.epoch, next.epoch + 2]) {
      const refused = expect(store.publish({ ...next, epoch })).rejects;
      await refused.toThrow(StaleTopologyError);
    }
    expect(await store.head()).toMatchObject({ epoch: next.epoch });
  });

  it('lets one of many publishers win, and tells the others', async () => {
    const { epoch } = await store.current();
    const wishes = Array.from({ length: 16 }, (_, i) => ({ ...evenTopology([`w-${i}`]), epoch: epoch + 1 }));
    const outcomes = await Promise.allSettled(wishes.map((wish) => store.publish(wish)));
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(15);
    for (const { reason } of lost) expect(reason).toBeInstanceOf(StaleTopologyError);
    expect(wishes).toContainEqual(await store.current());
  });

  it('lets one of two win that become each other’s deadlock', async () => {
    const { epoch } = await store.current();
    const wishes = ['left', 'right'].map((name) => ({ ...evenTopology([name]), epoch: epoch + 1 }));
    // Both wait for a third row of their key. When that is taken back, both hold a lock on its place and want it.
    const third = main.createQueryRunner();
    await third.startTransaction();
    await third.query("INSERT INTO shard_topology VALUES (?, '{}', UTC_TIMESTAMP(3))", [epoch + 1]);
    const publishing = Promise.allSettled(wishes.map((wish) => store.publish(wish)));
    const root = await createConnection({ uri: database.rootUrl });
    await eventually(async () => {
      const [[row]] = await root.query<RowDataPacket[]>(COUNT_WAITING);
      return Number(row?.['waiting']) === 2;
    });
    await root.end();
    await third.rollbackTransaction();
    await third.release();
    const lost = (await publishing).flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(lost).toEqual([expect.any(StaleTopologyError)]);
    expect(wishes).toContainEqual(await store.current());
  });

  it.each<[string, (topology: Topology) => object, RegExp]>([
    ['a gap', ({ slots }) => ({ slots: slots.slice(1) }), /have no owner/],
    ['a double owner', ({ slots }) => ({ slots: [...slots, slots.at(-1)] }), /two owners/],
    ['an unknown shard', ({ shards }) => ({ shards: shards.slice(1) }), /not among the shards/],
    ['an unknown hash', () => ({ hashId: 'crc-32' }), /hashId/],
  ])('refuses to publish %s, and keeps what there is', async (_what, damage, message) => {
    const before = await store.head();
    const next = { ...evenTopology(['x', 'y']), epoch: before.epoch + 1 };
    const bad = { ...next, ...damage(next) };
    await expect(store.publish(bad)).rejects.toThrow(InvalidTopologyError);
    await expect(store.publish(bad)).rejects.toThrow(message);
    expect(await store.head()).toEqual(before);
  });

  it('refuses a stored document of another epoch than that it is kept under', async () => {
    const { epoch } = await store.head();
    const document = JSON.stringify({ ...evenTopology(['x']), epoch: epoch + 5 });
    await main.query('INSERT INTO shard_topology VALUES (?, ?, UTC_TIMESTAMP(3))', [epoch + 1, document]);
    await expect(store.current()).rejects.toThrow(InvalidTopologyError);
    await main.query('DELETE FROM shard_topology WHERE epoch = ?', [epoch + 1]);
  });

  it('refuses a stored document that is damaged', async () => {
    await main.query(`INSERT INTO shard_topology VALUES (99, '{"epoch":99}', UTC_TIMESTAMP(3))`);
    await expect(store.current()).rejects.toThrow(InvalidTopologyError);
  });
});

describe('shardingMigrations', () => {
  it('can run again over their own tables, and only go forward', async () => {
    await main.query('DELETE FROM migrations');
    await main.runMigrations();
    expect(await main.query('SELECT COUNT(*) AS n FROM snowflake_workers')).toEqual([{ n: '1024' }]);
    await expect(main.undoLastMigration()).rejects.toThrow(/only go forward/);
  });
});
