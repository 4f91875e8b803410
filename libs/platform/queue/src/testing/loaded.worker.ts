import { Outbox } from '@fourfold/outbox';
import { eventually, gate } from '@fourfold-tools/testing';
import { expect } from 'vitest';
import { handles } from './handles.js';
import { letters, parcels } from './queues.js';
import { startUpkeepApp } from './upkeep-app.js';
import { RECORD_EFFECT, type WorkerDatabase } from './worker.database.js';

const MESSAGES = 600;
const HELD = 50;

/** What a fault may do to the load. */
export interface Load {
  /** Adds messages whose jobs wait until the load is released. @returns the names of their jobs, all of them published */
  addHeld(): Promise<string[]>;
  release(): void;
}

/**
 * Starts a worker with its relay on, under load, and does each of `faults` to its Redis as the messages are worked off:
 * of two, the first at a third of them. Then every message must have had its effect, once.
 */
export async function loadedWhile(
  database: WorkerDatabase,
  redisUrl: string,
  faults: readonly ((load: Load) => Promise<unknown>)[],
): Promise<void> {
  const { dataSource } = database;
  const rowsOf = async (what: string): Promise<number> => {
    const [row] = await dataSource.query<{ n: string }[]>(`SELECT COUNT(*) AS n FROM ${what}`);
    return Number(row!.n);
  };
  const held = gate();
  const inbox = { inbox: 'effects' };
  const processors = [letters, parcels].map((queue) =>
    handles(
      queue,
      async (_payload, { manager, messageId }) => {
        if (queue === parcels) await held.passed;
        await manager.query(RECORD_EFFECT, [messageId, process.pid]);
      },
      inbox,
    ),
  );
  const worker = await startUpkeepApp({ databaseUrl: database.url, redisUrl, prefix: '{test}' }, processors);
  const outbox = worker.get(Outbox);
  let added = 0;
  const add = async (queue: string, count: number): Promise<void> => {
    const ids = Array.from({ length: count }, (_, index) => `m-${added + index}`);
    added += count;
    await dataSource.transaction((manager) =>
      outbox.add(manager, ...ids.map((messageId) => ({ messageId, queue, payload: { to: 'you' } }))),
    );
  };
  const load: Load = {
    async addHeld() {
      await add(parcels.name, HELD);
      const published = `outbox WHERE queue = '${parcels.name}' AND state = 'published'`;
      await eventually(async () => (await rowsOf(published)) === HELD);
      const rows = await dataSource.query<{ id: string }[]>(`SELECT id FROM ${published}`);
      return rows.map(({ id }) => `{test}:${parcels.name}:ob-${id}`);
    },
    release: () => held.open(),
  };
  try {
    const adding = (async () => {
      for (let from = 0; from < MESSAGES; from += 20) await add(letters.name, 20);
    })();
    for (const [i, fault] of faults.entries()) {
      const share = (i + 1) / (faults.length + 1);
      await eventually(async () => (await rowsOf('effects')) >= MESSAGES * share, {
        deadlineMs: 40_000,
        everyMs: 5,
      });
      await fault(load);
    }
    await adding;
    await eventually(async () => (await rowsOf("outbox WHERE state <> 'done'")) === 0, {
      deadlineMs: 50_000,
    });
    expect(await rowsOf('effects')).toBe(added);
    expect(await rowsOf('(SELECT DISTINCT msg_id FROM effects) AS once')).toBe(added);
    expect(await rowsOf('dead_letters')).toBe(0);
  } finally {
    load.release();
    await worker.close();
  }
}
