import { AppError } from '@fourfold/kernel';
import { eventually, type FaultProxy, fullRun, OpenLoop } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { usePrimary } from '../consistency/consistency.context.js';
import { isConnectionError } from '../driver-error.js';
import { OutageFixture } from '../testing/outage.fixture.js';
import { ask, Note, readingServer } from '../testing/routed-database.js';
import { inTransaction } from '../transaction.js';

/** A switchover that keeps every connection of the old primary open, so that only its refusals tell of it. */
let fixture: OutageFixture;
let address: FaultProxy;
beforeEach(async () => {
  fixture = await OutageFixture.start();
  address = await fixture.proxyOf(fixture.database.appUrl);
});
afterEach(async () => {
  await fixture.cleanUp();
  await fixture.dispose();
});

/** As long as writes may take to go on after the address leads to the new primary. */
const RESUME_MS = 2_000;
const NO_MORE_BEATS = { beatIntervalMs: 3_600_000 };

const promote = () => fixture.servers.promote('replica-1', fixture.database.name);
const insert = (dataSource: DataSource, text: string) => dataSource.getRepository(Note).insert({ text });

/** A process with several connections open. */
async function aProcess(monitor: object = NO_MORE_BEATS, more: object = {}): Promise<DataSource> {
  const options = { primaryUrl: address.url, primaryConnections: 8, ...more };
  const { dataSource } = await fixture.watch({ options, monitor });
  await openConnections(dataSource);
  return dataSource;
}

const openConnections = (dataSource: DataSource) =>
  Promise.all(Array.from({ length: 8 }, () => dataSource.query('SELECT SLEEP(0.05)')));

async function notesOn(url: string): Promise<string[]> {
  return (await ask(url, 'SELECT text FROM notes ORDER BY id')).map((row) => String(row['text']));
}

it('each process follows the address at its next write, at a commit, or at a heartbeat, written or only read; a stock pool never does', async () => {
  const [committing, inserting, reading] = [await aProcess(), await aProcess(), await aProcess({})];
  const onlyReading = await aProcess({ writesHeartbeat: false }, { readOnly: true });
  const naive = new DataSource({ type: 'mysql', url: address.url });
  await naive.initialize();
  fixture.afterTest(() => naive.destroy());
  await naive.query("INSERT INTO notes (text) VALUES ('naive, before')");

  let promoted = '';
  let runs = 0;
  await inTransaction(committing, async (manager) => {
    runs += 1;
    await manager.insert(Note, { text: `run ${runs}` });
    if (runs > 1) return;
    await fixture.servers.demote();
    promoted = await promote();
    address.moveTo(promoted);
  });
  expect(await notesOn(promoted)).toEqual(['first', 'naive, before', 'run 2']);
  expect(await notesOn(fixture.database.appUrl)).toEqual(['first', 'naive, before']);

  await inserting.query('SELECT 1');
  await insert(inserting, 'alone');
  await openConnections(inserting);
  await insert(inserting, 'once more');
  expect((await notesOn(promoted)).slice(3)).toEqual(['alone', 'once more']);

  for (const source of [reading, onlyReading])
    await eventually(async () =>
      expect(await usePrimary(() => readingServer(source))).toBe(fixture.ids.replicas[0]),
    );
  for (let turn = 0; turn < 3; turn += 1)
    await expect(naive.query("INSERT INTO notes (text) VALUES ('naive')")).rejects.toThrow('--read-only');
});

it('under load writes are unavailable, go on within 2 s of the move, and each that was told so is there once', async () => {
  const dataSource = await aProcess();
  const told: string[] = [];
  let number = 0;
  const write = async () => {
    const text = `note ${(number += 1)}`;
    if (number % 2 === 0) await insert(dataSource, text);
    else await inTransaction(dataSource, (manager) => manager.save(Note, { text }));
    told.push(text);
  };
  const writes = new OpenLoop(write, { each: 2, everyMs: 20 }).start();
  await eventually(() => told.length > 20);
  await fixture.servers.demote();
  const promoted = await promote();
  await eventually(() => writes.failed.length > 20);
  address.moveTo(promoted);
  const movedMs = performance.now();
  const ofNow = () => writes.between(movedMs).filter(({ error }) => error === undefined);
  await eventually(() => ofNow().length > 0, { ...(fullRun && { deadlineMs: RESUME_MS }), everyMs: 5 });
  await eventually(() => writes.between(movedMs + RESUME_MS).length > 20);
  await eventually(() => {
    const latest = writes.between(movedMs).slice(-20);
    return latest.length === 20 && latest.every(({ error }) => error === undefined);
  });
  await writes.stop();
  // How soon is a figure of time, which holds on a machine that does nothing else.
  if (fullRun) expect(writes.between(movedMs + RESUME_MS).filter(({ error }) => error)).toEqual([]);
  // A commit waits while the server becomes read-only: connections may all be out for a moment.
  const isUnavailable = (error: unknown) =>
    isConnectionError(error) || (error instanceof AppError && error.status === 503);
  expect(writes.failed.filter(({ error }) => !isUnavailable(error))).toEqual([]);
  const notes = await notesOn(promoted);
  expect(new Set(notes).size).toBe(notes.length);
  expect(told.filter((text) => !notes.includes(text))).toEqual([]);
  const resumedMs = Math.round(Math.min(...ofNow().map(({ startedMs }) => startedMs)) - movedMs);
  console.log({ resumedMs, told: told.length, refused: writes.failed.length });
});
