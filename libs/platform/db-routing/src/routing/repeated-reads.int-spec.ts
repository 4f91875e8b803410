import type { TestDatabase } from '@fourfold-tools/testing';
import type { QueryRunner } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { usePrimary, withAffinity } from '../consistency/consistency.context.js';
import { isConnectionError } from '../driver-error.js';
import { proxiedCluster, repetitions } from '../testing/proxied-cluster.js';
import { ask, Note, readingServer, routedDatabase, serverIds } from '../testing/routed-database.js';

let database: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;
let routed: Awaited<ReturnType<typeof proxiedCluster>>;
let repeatedBefore: number;
const runners: QueryRunner[] = [];

beforeAll(async () => {
  database = await routedDatabase();
  servers = await serverIds();
});
afterAll(() => database.drop());
beforeEach(async () => {
  routed = await proxiedCluster(database);
  repeatedBefore = await repetitions(routed.metrics);
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.release();
  await routed.close();
  expect(routed.cluster.pools.map(({ stats }) => stats.used)).toEqual([0, 0, 0]);
});

const repeated = async () => (await repetitions(routed.metrics)) - repeatedBefore;
const FRAIL = 'SELECT /* frail */ CAST(@@server_id AS CHAR) AS id';

function runner(mode: 'master' | 'slave'): QueryRunner {
  const created = routed.dataSource.createQueryRunner(mode);
  runners.push(created);
  return created;
}

/** The replica that reads inside `atHome` go to, whose connection breaks when it answers `text`. */
async function trap(text = '/* frail */') {
  const home = servers.replicas.indexOf(await atHome(() => readingServer(routed.dataSource)));
  const { proxy } = routed.replicas[home]!;
  proxy.breakOnAnswer(text);
  return { proxy, other: servers.replicas[1 - home] };
}
const atHome = <T>(work: () => Promise<T>) => withAffinity('a reader', work);

const lostConnection = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isConnectionError(error)).toBe(true);
};

describe('a read whose replica dies before it answers', () => {
  it('is run again on another node, once, and its caller notices nothing', async () => {
    const { proxy, other } = await trap();
    expect(await atHome(() => runner('slave').query(FRAIL))).toEqual([{ id: other }]);
    expect([proxy.broken, await repeated()]).toEqual([1, 1]);
  });

  it('is run again on the primary where there is no other replica', async () => {
    const { proxy } = await trap();
    const [gone] = routed.replicas.filter((replica) => replica.proxy !== proxy);
    await gone!.proxy.close();
    expect(await atHome(() => runner('slave').query(FRAIL))).toEqual([{ id: servers.primary }]);
    expect(routed.cluster.router.gate.used).toBe(0);
  });

  it('leaves the caller the same query runner: its next reads are run elsewhere as well', async () => {
    const { other } = await trap('COUNT(');
    const notes = routed.dataSource.getRepository(Note);
    const [rows, count] = await atHome(() => notes.createQueryBuilder('note').getManyAndCount());
    expect([rows.length, count]).toEqual([1, 1]);
    const reader = runner('slave');
    await trap();
    const frail = () => atHome(() => reader.query(FRAIL));
    expect([await frail(), await frail()]).toEqual([[{ id: other }], [{ id: other }]]);
  });

  it('is not run a third time: the second break reaches its caller', async () => {
    for (const { proxy } of routed.replicas) proxy.breakOnAnswer('/* frail */');
    await lostConnection(runner('slave').query(FRAIL));
    expect(routed.replicas.map(({ proxy }) => proxy.broken)).toEqual([1, 1]);
    expect(await repeated()).toBe(1);
  });

  it('finds no other node: what broke it reaches its caller', async () => {
    const { proxy } = await trap();
    const others = [routed.primary, ...routed.replicas].filter((node) => node.proxy !== proxy);
    await Promise.all(others.map((node) => node.proxy.close()));
    await lostConnection(atHome(() => runner('slave').query(FRAIL)));
  });
});

describe('a statement that is not run again', () => {
  afterEach(async () => expect(await repeated()).toBe(0));

  it('a read in a transaction, which would see another snapshot elsewhere; nor any that follows there', async () => {
    await trap();
    const reader = runner('slave');
    await atHome(() => reader.query('START TRANSACTION READ ONLY'));
    await lostConnection(reader.query(FRAIL));
    await lostConnection(reader.query('SELECT 1'));
  });

  it('a read that its session was prepared for', async () => {
    await trap();
    const reader = runner('slave');
    await atHome(() => reader.query('SET @since = 5'));
    await lostConnection(reader.query('SELECT /* frail */ @since AS since'));
  });

  it('a stream, whose reader may have rows already: he is told', async () => {
    await trap('/* frail */');
    const read = async () => {
      const reader = runner('slave');
      for await (const _row of await atHome(() => reader.stream('SELECT /* frail */ * FROM notes')));
    };
    await lostConnection(read());
  });

  it('a write: it may be there, once', async () => {
    routed.primary.proxy.breakOnAnswer('/* frail */');
    await lostConnection(routed.dataSource.query("INSERT /* frail */ INTO notes (text) VALUES ('perhaps')"));
    expect(await ask(database.appUrl, "SELECT text FROM notes WHERE text = 'perhaps'")).toHaveLength(1);
  });

  it('a commit: it may have been done', async () => {
    routed.primary.proxy.breakOnAnswer('COMMIT');
    await lostConnection(
      routed.dataSource.transaction((manager) => manager.insert(Note, { text: 'committed, perhaps' })),
    );
  });

  it('a read of the primary that was asked for: no replica may answer it', async () => {
    routed.primary.proxy.breakOnAnswer('/* frail */');
    await lostConnection(routed.dataSource.createQueryRunner('master').query(FRAIL));
  });

  it('one that the server does not understand', async () => {
    const nonsense = runner('slave').query('SELECT nonsense');
    await expect(nonsense).rejects.toMatchObject({ driverError: { code: 'ER_BAD_FIELD_ERROR' } });
  });
});

it('a read of usePrimary that breaks is not run on a replica', async () => {
  routed.primary.proxy.breakOnAnswer('/* frail */');
  await lostConnection(usePrimary(() => runner('slave').query(FRAIL)));
});
