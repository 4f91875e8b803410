import { gate, type TestDatabase } from '@fourfold-tools/testing';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { isDuplicateKey, isRetryableConflict } from './driver-error.js';
import { routedDatabase } from './testing/routed-database.js';
import { inTransaction } from './transaction.js';

type Runner = (dataSource: DataSource, work: (manager: EntityManager) => Promise<void>) => Promise<void>;

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await routedDatabase();
  dataSource = new DataSource({ type: 'mysql', url: database.appUrl });
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query('DELETE FROM notes');
  await dataSource.query("INSERT INTO notes (id, text) VALUES (1, ''), (2, '')");
});

/** Two transactions that each hold the row the other one wants. */
function crossing(run: Runner): Promise<PromiseSettledResult<void>[]> {
  const append = (manager: EntityManager, id: number, text: string) =>
    manager.query('UPDATE notes SET text = CONCAT(text, ?) WHERE id = ?', [text, id]);
  const holds = { a: gate(), b: gate() };
  const both = Promise.all([holds.a.passed, holds.b.passed]);
  const work = (name: 'a' | 'b', first: number, second: number) =>
    run(dataSource, async (manager) => {
      await append(manager, first, name);
      holds[name].open();
      await both;
      await append(manager, second, name);
    });
  return Promise.allSettled([work('a', 1, 2), work('b', 2, 1)]);
}

const texts = async () =>
  (await dataSource.query<{ text: string }[]>('SELECT text FROM notes ORDER BY id')).map(({ text }) =>
    [...text].sort().join(''),
  );

it('naive twin: one of two transactions that cross is lost to the deadlock', async () => {
  const outcomes = await crossing((source, work) => source.transaction(work));
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(lost).toHaveLength(1);
  expect(isRetryableConflict(lost[0]?.reason)).toBe(true);
  expect(await texts()).not.toEqual(['ab', 'ab']);
});

it('inTransaction runs the loser again: both happen, once each', async () => {
  const outcomes = await crossing(inTransaction);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await texts()).toEqual(['ab', 'ab']);
});

it('inTransaction does not repeat what no repetition helps', async () => {
  let runs = 0;
  const failing = inTransaction(dataSource, async (manager) => {
    runs += 1;
    await manager.query("INSERT INTO notes (id, text) VALUES (3, 'new'), (1, 'again')");
  });
  await expect(failing).rejects.toSatisfy(isDuplicateKey);
  expect(runs).toBe(1);
  expect(await texts()).toHaveLength(2);
});

it('inTransaction gives up after four attempts', async () => {
  let runs = 0;
  const conflict = Object.assign(new Error('deadlock'), { errno: 1213 });
  const hopeless = inTransaction(dataSource, () => {
    runs += 1;
    return Promise.reject(conflict);
  });
  await expect(hopeless).rejects.toBe(conflict);
  expect(runs).toBe(4);
});
