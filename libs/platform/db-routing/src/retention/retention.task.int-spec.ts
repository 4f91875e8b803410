import { eventually, gate, type MigratedDatabase, migratedDatabase, sequence } from '@fourfold-tools/testing';
import { PeriodicTask } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { createConnection } from 'mysql2/promise';
import { register } from 'prom-client';
import type { DataSource, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isRetryableConflict } from '../driver-error.js';
import { type ExpiringRows, olderThan, RetentionTask } from './retention.task.js';

const DAY_SECONDS = 86_400;
const FIND = `
  SELECT name FROM answers WHERE created_at <= NOW(3) - INTERVAL ? SECOND
  ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED
`;
const REMOVE = 'DELETE FROM answers WHERE name IN (?)';
const rows: ExpiringRows = {
  table: 'answers',
  deleteBatch: olderThan(DAY_SECONDS, FIND, REMOVE),
  oldest: 'SELECT TIMESTAMPDIFF(SECOND, MIN(created_at), NOW(3)) AS age FROM answers',
};
/** What a request does: keeps the answer that is there, or is the first. */
const ANSWER = 'INSERT IGNORE INTO answers (name) VALUES (?)';

let migrated: MigratedDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  Logger.overrideLogger(false);
  migrated = await migratedDatabase({
    migrations: [],
    alsoRun: [
      `CREATE TABLE answers (
         name VARCHAR(50) NOT NULL PRIMARY KEY,
         created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
         KEY answers_age (created_at)
       )`,
    ],
  });
  ({ dataSource } = migrated);
});
afterAll(() => migrated?.close());
beforeEach(() => dataSource.query('DELETE FROM answers'));

const aged = (name: string, hours: number) =>
  dataSource.query('INSERT INTO answers VALUES (?, NOW(3) - INTERVAL ? HOUR)', [name, hours]);
const many = (prefix: string, count: number, hours: number) =>
  dataSource.query(
    `INSERT INTO answers SELECT CONCAT('${prefix}', seq), NOW(3) - INTERVAL ${hours} HOUR FROM ${sequence(count)}`,
  );
const names = async () =>
  (await dataSource.query<{ name: string }[]>('SELECT name FROM answers ORDER BY name')).map(
    ({ name }) => name,
  );
const count = async () => (await names()).length;
const task = (deleteBatch = rows.deleteBatch) => new RetentionTask(dataSource, { ...rows, deleteBatch });

/** A request with its transaction open. */
async function request(): Promise<QueryRunner> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction('READ COMMITTED');
  onTestFinished(() => runner.release());
  return runner;
}

/** Whether a transaction of this database waits for another's row. */
const waits = async () =>
  (
    await dataSource.query<unknown[]>(
      `SELECT 1 FROM information_schema.processlist
       WHERE db = DATABASE() AND info LIKE 'DELETE FROM answers%' AND id <> CONNECTION_ID()`,
    )
  ).length > 0;

describe('what is deleted', () => {
  it('is what has been kept for long enough, the oldest first, and nothing else', async () => {
    await many('old', 1_200, 25);
    await aged('oldest', 99);
    await aged('young', 23);
    await aged('new', 0);
    expect(await task().clean()).toBe(500);
    expect(await names()).not.toContain('oldest');
    expect([await task().clean(), await task().clean(), await task().clean()]).toEqual([500, 201, 0]);
    expect(await names()).toEqual(['new', 'young']);
  });

  it('is each row once, however many clean at once', async () => {
    await many('old', 3_000, 25);
    const cleaned = Array.from({ length: 4 }, async () => {
      let deleted = 0;
      for (let batch = 1; batch > 0;) deleted += batch = await task().clean();
      return deleted;
    });
    const deleted = (await Promise.all(cleaned)).reduce((sum, one) => sum + one, 0);
    expect(deleted + (await count())).toBe(3_000);
    while ((await task().clean()) > 0);
    expect(await count()).toBe(0);
  });

  it('goes on from batch to batch until nothing is left, and says how old the oldest is', async () => {
    register.resetMetrics();
    await many('old', 1_200, 25);
    await aged('young', 2);
    const running = task();
    onTestFinished(() => running.onApplicationShutdown());
    running.onApplicationBootstrap();
    const figure = async (name: string) => (await register.getSingleMetric(name)!.get()).values;
    await eventually(async () =>
      expect(await figure('db_cleaned_rows_total')).toMatchObject([
        { labels: { table: 'answers' }, value: 1_200 },
      ]),
    );
    await eventually(async () => {
      const [{ value } = { value: NaN }] = await figure('db_oldest_row_seconds');
      expect(Math.abs(value - 7_200)).toBeLessThan(300);
    });
    expect(await names()).toEqual(['young']);
  });

  it('rests for as long as a batch took, so that replicas and writers have half of the time', async () => {
    await many('old', 600, 25);
    const rests: number[] = [];
    const tasks = PeriodicTask.prototype as unknown as { rest(forMs: number): void };
    const spy = vi.spyOn(tasks, 'rest').mockImplementation((forMs) => void rests.push(forMs));
    onTestFinished(() => spy.mockRestore());
    let tookMs = 0;
    const slow = task(async (manager, limit) => {
      const startMs = performance.now();
      const deleted = await rows.deleteBatch(manager, limit);
      await manager.query('SELECT SLEEP(0.1)');
      tookMs = performance.now() - startMs;
      return deleted;
    });
    slow.onApplicationBootstrap();
    await eventually(() => rests.length === 1);
    expect(rests[0]).toBeGreaterThanOrEqual(tookMs);
    await slow.onApplicationShutdown();
  });
});

/** The keys of a request are locked in their own order, and one statement deletes in the order of age. */
describe('a request that uses two old answers, while they are being deleted', () => {
  beforeEach(async () => {
    await aged('a', 25);
    await aged('c', 26);
  });

  it('naive twin: with one DELETE by age, one of the two loses a deadlock', async () => {
    const runner = await request();
    await runner.query(ANSWER, ['a']);
    const naive = dataSource
      .query('DELETE FROM answers WHERE created_at <= NOW(3) - INTERVAL 1 DAY ORDER BY created_at LIMIT 500')
      .catch((error: unknown) => error);
    await eventually(waits);
    const asked = await runner.query(ANSWER, ['c']).catch((error: unknown) => error);
    const lost = [asked, await Promise.race([naive, runner.rollbackTransaction().then(() => naive)])];
    expect(lost.filter(isRetryableConflict)).toHaveLength(1);
  });

  it('finds one as it was and the other one gone, and neither waits for the other', async () => {
    const runner = await request();
    await runner.query(ANSWER, ['a']);
    expect(await task().clean()).toBe(1);
    expect(await runner.query(ANSWER, ['c'])).toMatchObject({ affectedRows: 1 });
    await runner.commitTransaction();
    expect(await names()).toEqual(['a', 'c']);
    expect(await task().clean()).toBe(1);
    expect(await names()).toEqual(['c']);
  });
});

it('requests go on beside it, and none of them fails', async () => {
  await many('old', 5_000, 25);
  let cleaning = true;
  const cleaner = (async () => {
    while ((await task().clean()) > 0);
    cleaning = false;
  })();
  let asked = 0;
  while (cleaning) {
    await Promise.all(
      [1, 2, 3, 4].map(() => dataSource.query(ANSWER, [`${(asked += 1) % 2 ? 'new' : 'old'}${asked}`])),
    );
  }
  await cleaner;
  expect(asked).toBeGreaterThan(4);
  // What was asked before its old answer was deleted has no new one.
  expect(await names()).toEqual(expect.arrayContaining(['new1', 'new3']));
});

it('a process that dies in the middle of a batch has deleted nothing of it, and the next one does it', async () => {
  await many('old', 10, 25);
  const [deleted, killed] = [gate(), gate()];
  let connection = '';
  const dying = task(async (manager, limit) => {
    const [row] = await manager.query<{ id: string }[]>('SELECT CONNECTION_ID() AS id');
    connection = row!.id;
    const found = await rows.deleteBatch(manager, limit);
    deleted.open();
    await killed.passed;
    return found;
  });
  const round = dying.clean();
  await deleted.passed;
  const owner = await createConnection({ uri: migrated.database.rootUrl });
  await owner.query(`KILL CONNECTION ${connection}`);
  await owner.end();
  killed.open();
  await expect(round).rejects.toThrow();
  expect(await count()).toBe(10);
  expect(await task().clean()).toBe(10);
});
