import { HEALTH_DEFAULTS } from '../db-routing.options.js';
import { randomBytes } from 'node:crypto';
import { eventually, type TestDatabase, topology } from '@fourfold-tools/testing';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withAffinity } from '../consistency/consistency.context.js';
import { agedUntil } from '../testing/outage.fixture.js';
import { proxiedCluster, repetitions } from '../testing/proxied-cluster.js';
import { ask, readers, readingServer, routedDatabase, serverIds } from '../testing/routed-database.js';
import { acquire } from '../testing/test-pool.js';

let database: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;
let routed: Awaited<ReturnType<typeof proxiedCluster>>;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await routedDatabase();
  servers = await serverIds();
});
afterAll(() => database.drop());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Far from what a busy machine does to a replica that is well. */
const lag = { ejectMs: 60_000, readmitMs: 20_000, unusableMs: 120_000 };
const secondReplica = topology().replicas[1]!.rootUrl;

async function start() {
  routed = await proxiedCluster(database, {
    cluster: { lag, health: { ...HEALTH_DEFAULTS, slowStartMs: 1 } },
  });
  cleanups.push(routed.close);
}

/** Five connections of the second replica, idle again. */
async function used(): Promise<number[]> {
  const { pool } = routed.cluster.replicaNodes[1]!;
  const connections = await Promise.all(Array.from({ length: 5 }, () => acquire(pool)));
  for (const connection of connections) connection.release();
  return connections.map(({ threadId }) => threadId);
}

/** A read on the second replica that is answered when `letGo` is called. */
async function readInFlight() {
  const lock = `in-flight-${randomBytes(5).toString('hex')}`;
  const holder: Connection = await createConnection({ uri: secondReplica });
  cleanups.push(() => holder.end());
  await holder.query('DO GET_LOCK(?, 0)', [lock]);
  let key = 0;
  const home = () => withAffinity(String(key), () => readingServer(routed.dataSource));
  while ((await home()) !== servers.replicas[1]) key += 1;
  const runner = routed.dataSource.createQueryRunner('slave');
  cleanups.push(() => runner.release());
  const sql = `SELECT GET_LOCK('${lock}', 60) AS got, CAST(@@server_id AS CHAR) AS server, CONNECTION_ID() AS id`;
  const answer = withAffinity(String(key), () => runner.query(sql)) as Promise<
    { server: string; id: number }[]
  >;
  const waiting = async () =>
    (await ask(secondReplica, 'SHOW FULL PROCESSLIST')).some(({ Info }) => Info === sql);
  await eventually(waiting);
  return { answer, runner, letGo: () => holder.query('DO RELEASE_LOCK(?)', [lock]) };
}

const isEjected = () => routed.inRotation().join() === 'replica-1';
const ejected = () => eventually(isEjected);
const back = () => eventually(() => routed.inRotation().length === 2);
const open = async () =>
  new Set((await ask(secondReplica, 'SHOW PROCESSLIST')).map(({ Id }) => Id as number));

describe('a replica that leaves the rotation because it does not answer', () => {
  it('has its reads broken and run elsewhere, and is used by new connections alone when it is back', async () => {
    await start();
    const before = await used();
    const { answer } = await readInFlight();
    const repeated = await repetitions(routed.metrics);
    const { proxy } = routed.replicas[1]!;
    await proxy.freeze();
    await ejected();
    expect(await answer).toMatchObject([{ server: servers.replicas[0] }]);
    expect((await repetitions(routed.metrics)) - repeated).toBe(1);
    expect(routed.cluster.replicaNodes[1]?.pool.stats).toMatchObject({ used: 0, idle: 0 });
    await proxy.open();
    await back();
    for (const id of await used()) expect(before).not.toContain(id);
    expect(await readers(routed.dataSource)).toEqual([...servers.replicas].sort());
  });
});

describe('a replica that leaves the rotation because it lags', () => {
  it('answers what it was asked, and its old connections are closed, not used again', async () => {
    await start();
    const before = await used();
    const { answer, runner, letGo } = await readInFlight();
    cleanups.push(() => ask(secondReplica, 'START REPLICA SQL_THREAD'));
    await ask(secondReplica, 'STOP REPLICA SQL_THREAD');
    await agedUntil(routed.clock, isEjected);
    await letGo();
    const [row] = await answer;
    expect(row?.server).toBe(servers.replicas[1]);
    await runner.release();
    await eventually(async () => {
      const still = await open();
      expect([...before, row?.id].filter((id) => still.has(Number(id)))).toEqual([]);
    });
    await ask(secondReplica, 'START REPLICA SQL_THREAD');
    await back();
    for (const id of await used()) expect([...before, row?.id]).not.toContain(id);
  });
});
