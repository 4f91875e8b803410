import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '@fourfold/kernel';
import { eventually, type FaultProxy, type TestDatabase } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { runInScope, usePrimary, useReadIndex } from '../consistency/consistency.context.js';
import { ConsistencyScope } from '../consistency/consistency.scope.js';
import { isConnectionError } from '../driver-error.js';
import { mariadbDialect as dialect } from '../engine/mariadb.dialect.js';
import { DatabaseUnavailableError } from '../errors.js';
import { proxiedCluster } from '../testing/proxied-cluster.js';
import { Note, routedDatabase } from '../testing/routed-database.js';

let database: TestDatabase;
let made: Awaited<ReturnType<typeof proxiedCluster>>;
let primary: FaultProxy;
beforeAll(async () => {
  database = await routedDatabase();
});
afterAll(() => database.drop());
afterEach(() => made.close());

const QUERY_TIMEOUT_MS = 15_000;

/** Each promise's outcome as it is now. */
function watched(promises: Promise<unknown>[]) {
  const failures: unknown[] = [];
  let answered = 0;
  for (const promise of promises)
    promise.then(
      () => (answered += 1),
      (error: unknown) => failures.push(error),
    );
  return { failures, answered: () => answered };
}

async function cluster() {
  made = await proxiedCluster(database, {
    options: { primaryConnections: 4, queryTimeoutMs: QUERY_TIMEOUT_MS },
  });
  primary = made.primary.proxy;
  return made.dataSource.getRepository(Note);
}

it('what a frozen primary was asked, and what waits for a connection, fails long before its own deadline', async () => {
  const notes = await cluster();
  await Promise.all([1, 2, 3, 4].map(() => made.dataSource.query('SELECT SLEEP(0.02)')));
  const since = performance.now();
  await primary.freeze();
  const inHand = watched([1, 2, 3, 4].map((n) => notes.insert({ text: `frozen ${n}` })));
  const inLine = watched([5, 6].map((n) => notes.insert({ text: `frozen ${n}` })));
  await eventually(() => inHand.failures.length === 4 && inLine.failures.length === 2, {
    deadlineMs: QUERY_TIMEOUT_MS / 2,
  });
  console.log({ failedAfterMs: Math.round(performance.now() - since) });
  for (const error of [...inHand.failures, ...inLine.failures])
    expect(isConnectionError(error) || error instanceof DatabaseUnavailableError).toBe(true);
  primary.breakConnections();
  await primary.open();
  await eventually(() => notes.insert({ text: 'thawed' }));
});

it.each([
  ['usePrimary', usePrimary],
  ['useReadIndex', useReadIndex],
])(
  'a read of %s that a replica may answer is answered by one, before its own deadline as well',
  async (_name, fresh) => {
    const notes = await cluster();
    await eventually(() => made.cluster.replicaNodes.some(({ inRotation }) => inRotation));
    let answers = 0;
    const read = () => fresh(() => notes.count(), { orReplica: () => (answers += 1) });
    await read();
    expect(answers).toBe(0);
    await primary.freeze();
    await Promise.race([Promise.all([read(), read()]), pause(QUERY_TIMEOUT_MS / 2)]);
    expect(answers).toBe(2);
    primary.breakConnections();
    await primary.open();
  },
);

it('a statement that waits for a lock longer than that is not given up: the primary answers beside it', async () => {
  const notes = await cluster();
  const { identifiers } = await notes.insert({ text: 'locked' });
  const id = String(identifiers[0]?.['id']);
  const holder = await createConnection({ uri: database.appUrl });
  await holder.beginTransaction();
  await holder.query('SELECT id FROM notes WHERE id = ? FOR UPDATE', [id]);
  let asked = 0;
  const { watch } = made.cluster.primary;
  const acquire = watch.acquire.bind(watch);
  watch.acquire = (...request) => {
    asked += 1;
    acquire(...request);
  };
  const waiting = notes.update(id, { text: 'after the lock' });
  await eventually(() => asked > 4);
  await holder.rollback();
  await holder.end();
  expect((await waiting).affected).toBe(1);
});

it('the waits of one request for connections share one deadline: one that has used it up hardly waits', async () => {
  const notes = await cluster();
  // It would fail all who wait at once.
  made.cluster.onPrimarySuspicion = () => {};
  await primary.freeze();
  primary.breakConnections();
  await eventually(() => made.cluster.primaryPool.stats.idle === 0);
  const requestedMs = performance.now() - 60_000;
  const scope = new ConsistencyScope({ dialect, clock: systemClock, windowMs: 0, requestedMs });
  const insert = () => notes.insert({ text: 'nowhere' }).catch((error: unknown) => error);
  const alone = insert().then(() => 'one that has just come');
  const late = runInScope(scope, insert).then(() => 'one that has waited before');
  expect(await Promise.race([alone, late])).toBe('one that has waited before');
  await alone;
});
