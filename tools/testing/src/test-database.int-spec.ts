import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, it, onTestFinished } from 'vitest';
import { createDatabase } from './test-database.js';
import { topology } from './topology.js';

async function connect(uri: string) {
  const connection = await createConnection({ uri });
  onTestFinished(() => connection.end());
  return connection;
}

it('gives the writing account a database of its own that the replicas have too', async () => {
  const database = await createDatabase(topology(), { node: 'primary' });
  onTestFinished(() => database.drop());
  const migrate = await connect(database.migrateUrl);
  await migrate.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const app = await connect(database.appUrl);
  await app.query('INSERT INTO t VALUES (1)');
  await expect(app.query('DROP TABLE t')).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' });
  expect(database.readUrls).toHaveLength(2);
  for (const url of database.readUrls) {
    const [rows] = await (await connect(url)).query<RowDataPacket[]>('SELECT DATABASE() AS name');
    expect(rows).toEqual([{ name: database.name }]);
  }
});

it('creates the same on a shard, under a given name', async () => {
  const database = await createDatabase(topology(), { node: 'shard-3', name: 'fourfold_t_named' });
  expect(database).toMatchObject({ name: 'fourfold_t_named', readUrls: [] });
  const app = await connect(database.appUrl);
  await expect(app.query('SELECT 1')).resolves.toBeDefined();
  await database.drop();
});
