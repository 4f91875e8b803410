import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FaultProxy } from './fault.proxy.js';
import { createDatabase, type TestDatabase } from './test-database.js';
import { topology } from './topology.js';

let database: TestDatabase;
let direct: Connection;
let proxy: FaultProxy;
let throughProxy: Connection;

beforeEach(async () => {
  database = await createDatabase(topology(), { node: 'primary' });
  direct = await createConnection({ uri: database.migrateUrl });
  await direct.query('CREATE TABLE t (id INT PRIMARY KEY)');
  proxy = await new FaultProxy(database.appUrl).open();
  throughProxy = await createConnection({ uri: proxy.url });
  throughProxy.on('error', () => {});
});
afterEach(async () => {
  throughProxy.destroy();
  await proxy.close();
  await direct.end();
  await database.drop();
});

it('lets a SELECT die in the middle', async () => {
  proxy.breakOnAnswer('FROM t', 'end');
  await throughProxy.query('SELECT 1');
  await expect(throughProxy.query('SELECT * FROM t')).rejects.toMatchObject({
    code: 'PROTOCOL_CONNECTION_LOST',
  });
});

it('lets a write succeed whose client is not told', async () => {
  proxy.breakOnAnswer('INSERT INTO t');
  await expect(throughProxy.query('INSERT INTO t VALUES (1)')).rejects.toMatchObject({ code: 'ECONNRESET' });
  const [rows] = await direct.query<RowDataPacket[]>('SELECT id FROM t');
  expect(rows).toEqual([{ id: 1 }]);
});

it('looks, frozen, like a server that accepts and never greets', async () => {
  await proxy.freeze();
  const greeted = createConnection({ uri: proxy.url, connectTimeout: 200 });
  await expect(greeted).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  await proxy.open();
  (await createConnection({ uri: proxy.url })).destroy();
});
