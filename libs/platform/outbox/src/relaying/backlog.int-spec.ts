import { eventually, sequence } from '@fourfold-tools/testing';
import type { QueryRunner } from 'typeorm';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryPublisher } from '../testing/memory.publisher.js';
import type { OutboxDatabase } from '../testing/outbox-database.js';
import type { TestRelays } from '../testing/test-relays.js';
import { useRelays } from '../testing/use-relays.js';
import { QUEUES_DUE, SELECT_DUE } from './relaying.sql.js';

const fixture = useRelays();
let database: OutboxDatabase;
let relays: TestRelays;
beforeEach(() => void ({ database, relays } = fixture));

const BACKLOG = 50_000;
const BATCH = 200;

/** Messages that become due one each millisecond, from a minute ago or from an hour ahead. */
async function backlog(count: number, queue: string, from = '- INTERVAL 60 SECOND'): Promise<void> {
  await database.dataSource.query(`
    INSERT INTO outbox (msg_id, queue, payload, run_at, available_at)
    SELECT UUID_SHORT(), '${queue}', '{}', due, due
    FROM (SELECT NOW(3) ${from} + INTERVAL seq * 1000 MICROSECOND AS due FROM ${sequence(count)}) AS dues
  `);
  await database.dataSource.query('ANALYZE TABLE outbox');
}

/** Rows and index entries that `work` makes the server look at. */
async function read<T>(runner: QueryRunner, work: () => Promise<T>): Promise<{ result: T; rows: number }> {
  const total = async () => {
    const status = (await runner.query(
      "SHOW SESSION STATUS WHERE Variable_name RLIKE '^Handler_(read|icp_attempts)'",
    )) as { Value: string }[];
    return status.reduce((sum, { Value }) => sum + Number(Value), 0);
  };
  await total(); // what a look at the status itself reads is in both
  const [first, second] = [await total(), await total()];
  const result = await work();
  return { result, rows: (await total()) - second - (second - first) };
}

async function inTransactions<T>(work: (...runners: [QueryRunner, QueryRunner]) => Promise<T>): Promise<T> {
  const runners = [0, 1].map(() => database.dataSource.createQueryRunner()) as [QueryRunner, QueryRunner];
  try {
    for (const runner of runners) await runner.startTransaction('READ COMMITTED');
    return await work(...runners);
  } finally {
    for (const runner of runners) {
      await runner.rollbackTransaction();
      await runner.release();
    }
  }
}

describe('with 50,000 messages due', () => {
  it('a claim reads no more than twice its batch, and leaves the others to another relay', async () => {
    await backlog(BACKLOG, 'letters');
    await inTransactions(async (...runners) => {
      // The look that comes before each claim reads a few index entries a queue.
      const look = await read(runners[0], () => runners[0].query(QUEUES_DUE, ['pending', 0]));
      expect(look.result).toEqual([{ queue: 'letters' }]);
      expect.soft(look.rows).toBeLessThanOrEqual(10);
      const claims: { result: { id: string }[]; rows: number }[] = [];
      for (const runner of runners)
        claims.push(
          await read(runner, () => runner.query(SELECT_DUE, ['letters', BATCH]) as Promise<{ id: string }[]>),
        );
      expect(claims.map(({ result }) => result.length)).toEqual([BATCH, BATCH]);
      expect(new Set(claims.flatMap(({ result }) => result.map(({ id }) => id))).size).toBe(2 * BATCH);
      for (const { rows } of claims) expect(rows).toBeLessThanOrEqual(2 * BATCH);
    });
    await bothProgress();
  });

  async function bothProgress(): Promise<void> {
    const publishers = [new MemoryPublisher(), new MemoryPublisher()];
    for (const publisher of publishers) relays.start(publisher);
    await eventually(() => publishers.every(({ batches }) => batches.length >= 20), { deadlineMs: 30_000 });
    await relays.stopAll();
    const published = publishers.flatMap(({ messageIds }) => messageIds);
    expect(new Set(published).size).toBe(published.length);
  }
});

it('with one message due and 50,000 later ones, a claim reads no more than twice its batch', async () => {
  await backlog(1, 'parcels');
  await backlog(BACKLOG, 'parcels', '+ INTERVAL 1 HOUR');
  await inTransactions(async (runner) => {
    const { result, rows } = await read(runner, () => runner.query(SELECT_DUE, ['parcels', BATCH]));
    expect(result).toHaveLength(1);
    expect(rows).toBeLessThanOrEqual(2 * BATCH);
  });
});
