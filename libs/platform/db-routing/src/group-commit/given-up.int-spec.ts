import { runWithin } from '@fourfold/observability/request-context';
import { gate, type TestDatabase } from '@fourfold-tools/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { LeavingRequest } from '../testing/leaving.request.js';
import { ask, routedDatabase } from '../testing/routed-database.js';
import { watchedCluster } from '../testing/watched-cluster.js';
import { inTransaction } from '../transaction.js';
import { GroupCommit } from './group.commit.js';

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await routedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await ask(database.appUrl, 'DELETE FROM notes');
  const watched = await watchedCluster({
    options: { primaryUrl: database.appUrl, replicas: database.readUrls },
  });
  onTestFinished(watched.close);
  ({ dataSource } = watched);
});

const stored = async () =>
  (await ask(database.appUrl, 'SELECT id FROM notes ORDER BY id')).map(({ id }) => Number(id));
const insertAll = async (manager: EntityManager, ids: readonly number[]) => {
  await manager.query('INSERT INTO notes (id, text) VALUES ?', [ids.map((id) => [id, `note ${id}`])]);
  return [...ids];
};

/** Its transactions wait, with their rows written, until the test lets them commit. */
function held() {
  const [begun, passed] = [gate(), gate()];
  const write = async (manager: EntityManager, ids: readonly number[]) => {
    const written = await insertAll(manager, ids);
    begun.open();
    await passed.passed;
    await manager.query('SELECT 1');
    return written;
  };
  return { begun, passed, write };
}

const codeOf = (error: { code?: string }) => error.code;

it('naive twin: a transaction that runs in the time of its first request fails for its neighbours too', async () => {
  const { begun, passed, write } = held();
  const first = new LeavingRequest();
  const together = runWithin(first, () => inTransaction(dataSource, (manager) => write(manager, [1, 2, 3])));
  const failed = together.catch((error: { driverError?: { code?: string } }) => error.driverError?.code);
  await begun.passed;
  first.isGone = true;
  passed.open();
  expect(await failed).toBe('client-gone');
  expect(await stored()).toEqual([]);
});

it('one whose client goes while its group is under way is committed with the others', async () => {
  const { begun, passed, write } = held();
  const commits = new GroupCommit<number, number>(dataSource, { write, inFlight: 1 });
  const first = new LeavingRequest();
  const gone = runWithin(first, () => commits.run(1)).catch(codeOf);
  await begun.passed;
  const behind = runWithin(new LeavingRequest(), () => commits.run(2));
  first.isGone = true;
  // Its caller hears of it while the transaction, of its own request's, goes on.
  expect(await gone).toBe('client-gone');
  passed.open();
  expect(await behind).toBe(2);
  expect(await stored()).toEqual([1, 2]);
});

it('one whose client has gone before its turn has none', async () => {
  const { begun, passed, write } = held();
  const commits = new GroupCommit<number, number>(dataSource, { write, inFlight: 1 });
  const opening = commits.run(1);
  await begun.passed;
  const leaving = new LeavingRequest();
  const gone = runWithin(leaving, () => commits.run(2)).catch(codeOf);
  const behind = runWithin(new LeavingRequest(), () => commits.run(3));
  leaving.isGone = true;
  expect(await gone).toBe('client-gone');
  passed.open();
  expect(await Promise.all([opening, behind])).toEqual([1, 3]);
  expect(await stored()).toEqual([1, 3]);
});

it('one out of time is told so at once, and is committed all the same', async () => {
  const { begun, passed, write } = held();
  const commits = new GroupCommit<number, number>(dataSource, { write, inFlight: 1 });
  const late = runWithin(new LeavingRequest(500), () => commits.run(1)).catch(codeOf);
  await begun.passed;
  const behind = runWithin(new LeavingRequest(), () => commits.run(2));
  expect(await late).toBe('deadline-exceeded');
  expect(await stored()).toEqual([]);
  passed.open();
  expect(await behind).toBe(2);
  expect(await stored()).toEqual([1, 2]);
});
