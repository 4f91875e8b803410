import { Outbox } from '@fourfold/outbox';
import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handles } from '../testing/handles.js';
import { letters } from '../testing/queues.js';
import { startSweepingApp } from '../testing/sweeping-app.js';
import { RECORD_EFFECT, WorkerDatabase } from '../testing/worker.database.js';

const MESSAGES = 600;

let database: WorkerDatabase;
let server: RedisServerFixture;
let worker: INestApplicationContext;

beforeAll(async () => {
  database = await WorkerDatabase.create();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.empty();
  server = await RedisServerFixture.start();
});
afterEach(async () => {
  await worker.close();
  await server.dispose();
});

const rowsOf = async (what: string): Promise<number> => {
  const [row] = await database.dataSource.query<{ n: string }[]>(`SELECT COUNT(*) AS n FROM ${what}`);
  return Number(row!.n);
};

/** Starts a worker with its relay on, under load, and does `loss` to Redis when a third and two thirds are done. */
async function loadedWhile(loss: () => Promise<void>): Promise<void> {
  const processor = handles(
    letters,
    (_payload, { manager, messageId }) => manager.query(RECORD_EFFECT, [messageId, process.pid]),
    { inbox: 'letters' },
  );
  worker = await startSweepingApp({ databaseUrl: database.url, redisUrl: server.url, prefix: '{lost}' }, [
    processor,
  ]);
  const outbox = worker.get(Outbox);
  const adding = (async () => {
    for (let from = 0; from < MESSAGES; from += 20) {
      const ids = Array.from({ length: 20 }, (_, index) => `m-${from + index}`);
      await database.dataSource.transaction((manager) =>
        outbox.add(
          manager,
          ...ids.map((messageId) => ({ messageId, queue: letters.name, payload: { to: 'you' } })),
        ),
      );
    }
  })();
  for (const share of [1 / 3, 2 / 3]) {
    await eventually(async () => (await rowsOf('effects')) >= MESSAGES * share, {
      deadlineMs: 40_000,
      everyMs: 5,
    });
    await loss();
  }
  await adding;
  await eventually(async () => (await rowsOf("outbox WHERE state <> 'done'")) === 0, { deadlineMs: 50_000 });
}

describe('a queue Redis that loses everything under load', () => {
  it.each([
    ['flushed', () => server.command('FLUSHALL').then(() => {})],
    ['killed, and started again without its file', () => server.kill().then(() => server.start())],
  ])('%s: every message has its effect, once, and none waits for the horizon', async (_title, loss) => {
    await loadedWhile(loss);
    expect(await rowsOf('effects')).toBe(MESSAGES);
    expect(await rowsOf('(SELECT DISTINCT msg_id FROM effects) AS once')).toBe(MESSAGES);
    expect(await rowsOf('dead_letters')).toBe(0);
  });
});
