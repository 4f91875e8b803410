import { existsSync } from 'node:fs';
import { identify } from '@fourfold-tools/stack';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { ReplicatedServers } from './replicated-servers.fixture.js';
import type { TestDatabase } from './test-database.js';

let servers: ReplicatedServers;
let database: TestDatabase;
let lastId = 0;

async function query(uri: string, statement: string): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement);
    return rows;
  } finally {
    await connection.end();
  }
}

/** Commits one more row on the primary; its number. */
async function write(): Promise<number> {
  await query(database.appUrl, `INSERT INTO t VALUES (${++lastId})`);
  return lastId;
}

/** The newest row of each replica. */
const newest = () =>
  Promise.all(
    database.readUrls.map(async (url) =>
      Number((await query(url, 'SELECT MAX(id) AS id FROM t'))[0]?.['id']),
    ),
  );
const bothHave = (id: number) => eventually(async () => expect(await newest()).toEqual([id, id]));

beforeAll(async () => {
  const since = performance.now();
  servers = await ReplicatedServers.start();
  console.log(`three servers in ${((performance.now() - since) / 1_000).toFixed(1)} s`);
  database = await servers.createDatabase();
  await query(database.migrateUrl, 'CREATE TABLE t (id INT PRIMARY KEY)');
});
afterAll(() => servers.dispose());

it('replicates what is written, and lets each account in', async () => {
  await bothHave(await write());
  const { appUrl, migrateUrl, readUrl, monitorUrl, rootUrl } = servers.primary;
  const urls = [appUrl, migrateUrl, readUrl, monitorUrl, rootUrl];
  for (const replica of servers.replicas) urls.push(replica.readUrl, replica.monitorUrl, replica.rootUrl);
  for (const url of urls) expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

describe('a killed server', () => {
  it('refuses; as the primary it is followed again, by itself, as soon as it is started', async () => {
    const pid = servers.pid('primary');
    await servers.kill('primary');
    expect(identify(pid)).toBeUndefined();
    expect(() => servers.pid('primary')).toThrow('primary does not run');
    await expect(write()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    lastId--;
    await servers.start('primary');
    await bothHave(await write());
  });

  it('follows, as a replica, once it is started: what it has missed, too', async () => {
    await servers.kill('replica-2');
    const id = await write();
    await servers.start('replica-2');
    await bothHave(id);
  });

  it('serves, as a replica that is started before its primary, and follows that when it comes', async () => {
    await Promise.all([servers.kill('primary'), servers.kill('replica-1')]);
    await servers.start('replica-1');
    expect(await newest()).toEqual([lastId, lastId]);
    await servers.start('primary');
    await bothHave(await write());
  });
});

describe('a frozen server', () => {
  it('accepts and answers nothing until it is thawed', async () => {
    await servers.freeze('replica-1');
    const greeted = createConnection({ uri: servers.replicas[0]!.readUrl, connectTimeout: 300 });
    await expect(greeted).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const id = await write();
    servers.thaw('replica-1');
    await bothHave(id);
  });

  it('can be killed and started again', async () => {
    await servers.freeze('primary');
    await servers.kill('primary');
    await servers.start('primary');
    await bothHave(await write());
  });
});

describe('a replica', () => {
  const state = async () => {
    const status = await servers.status('replica-1');
    return [status?.receiver, status?.applier, status?.lagSeconds];
  };
  const onlyTheOther = (id: number) => eventually(async () => expect((await newest())[1]).toBe(id));

  it('that does not apply, or is cut off, stays behind and says nothing about how far', async () => {
    // MySQL counts on while it applies, and is up to date with what it has received.
    const cutOffLag = servers.engine === 'mysql' ? 0 : null;
    for (const [fault, cure, threads] of [
      ['stopApplying', 'startApplying', ['Yes', 'No', null]],
      ['cutOff', 'reconnect', ['No', 'Yes', cutOffLag]],
    ] as const) {
      await servers[fault]('replica-1');
      const id = await write();
      await onlyTheOther(id);
      expect((await newest())[0]).toBe(id - 1);
      expect(await state()).toEqual(threads);
      await servers[cure]('replica-1');
      await bothHave(id);
    }
  });

  it('that is delayed applies each write so much later, also after a kill, and at once when the delay ends', async () => {
    await servers.delay('replica-1', 2);
    await eventually(async () => expect((await state()).slice(0, 2)).toEqual(['Yes', 'Yes']));
    const since = performance.now();
    const id = await write();
    await onlyTheOther(id);
    expect((await newest())[0]).toBe(id - 1);
    await bothHave(id);
    // The server counts in whole seconds of the clock: 2 of them are more than 1 s and less than 2 s at worst.
    expect(performance.now() - since).toBeGreaterThan(1_000);
    await servers.delay('replica-1', 600);
    await servers.kill('replica-1');
    await servers.start('replica-1');
    const held = await write();
    await onlyTheOther(held);
    expect((await newest())[0]).toBe(id);
    await servers.delay('replica-1', 0);
    await bothHave(held);
  });

  it('keeps its other fault when it is delayed', async () => {
    await servers.stopApplying('replica-1');
    await servers.delay('replica-1', 1);
    expect((await state())[1]).toBe('No');
    await servers.delay('replica-1', 0);
    await servers.startApplying('replica-1');
    await bothHave(await write());
  });
});

it('leaves no process and no folder when it is disposed of, even if a server is frozen and another killed', async () => {
  const others = await ReplicatedServers.start();
  const pids = (['primary', 'replica-1', 'replica-2'] as const).map((name) => others.pid(name));
  await others.freeze('primary');
  await others.freeze('replica-1');
  await others.kill('replica-2');
  // One that waited for an answer of the frozen ones would be held until the test is over.
  await others.dispose();
  expect(pids.filter((pid) => identify(pid) !== undefined)).toEqual([]);
  expect(existsSync(others.stateDir)).toBe(false);
  await others.dispose();
});
