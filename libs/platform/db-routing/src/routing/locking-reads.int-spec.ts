import { eventually, type TestDatabase } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useReplica } from '../consistency/consistency.context.js';
import { WriteOnReadConnectionError } from '../errors.js';
import { proxiedCluster } from '../testing/proxied-cluster.js';
import { ask, Note, routedDatabase, serverIds } from '../testing/routed-database.js';

let database: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;
let routed: Awaited<ReturnType<typeof proxiedCluster>>;

beforeAll(async () => {
  database = await routedDatabase();
  servers = await serverIds();
});
afterAll(() => database.drop());
beforeEach(async () => {
  routed = await proxiedCluster(database);
});
afterEach(() => routed.close());

const locking = [
  'SELECT * FROM notes FOR UPDATE',
  '/* why */ select * from notes for update',
  'SELECT * FROM notes FOR SHARE',
  'SELECT * FROM notes LOCK IN SHARE MODE',
  'SELECT * FROM notes WHERE id IN (SELECT 1 FOR UPDATE)',
];
const writes = ["INSERT INTO notes (text) VALUES ('by a reader')", 'DELETE FROM notes'];

async function refused(sql: string): Promise<void> {
  const runner = routed.dataSource.createQueryRunner('slave');
  await expect(runner.query(sql)).rejects.toMatchObject({
    driverError: expect.any(WriteOnReadConnectionError),
  });
  // It was not sent, and the connection is as it was.
  expect(await runner.query("SELECT 'one' AS one")).toEqual([{ one: 'one' }]);
  await runner.release();
}

describe('a locking read', () => {
  it('of the query builder in a transaction is on the primary, with what the transaction wrote', async () => {
    await routed.dataSource.transaction(async (manager) => {
      await manager.insert(Note, { text: 'mine' });
      const locked = manager.createQueryBuilder(Note, 'note').where({ text: 'mine' });
      locked.setLock('pessimistic_write').select('@@server_id', 'server');
      expect(String((await locked.getRawOne<{ server: string }>())?.server)).toBe(servers.primary);
      await manager.delete(Note, { text: 'mine' });
    });
  });

  it('of the query builder in a transaction stays there inside useReplica', async () => {
    const locked = routed.dataSource.transaction((manager) =>
      useReplica(() =>
        manager
          .createQueryBuilder(Note, 'note')
          .setLock('pessimistic_write')
          .select('@@server_id', 'server')
          .getRawOne<{ server: string }>(),
      ),
    );
    expect(String((await locked)?.server)).toBe(servers.primary);
  });

  it('as a statement of its own is on the primary', async () => {
    expect(await routed.dataSource.query('SELECT @@server_id AS server FROM notes FOR UPDATE')).toEqual([
      { server: servers.primary },
    ]);
  });

  it.each([...locking, ...writes])(
    'by a slave query runner is refused before it is sent: %s',
    async (sql) => {
      for (const { proxy } of routed.replicas) proxy.breakOnAnswer('notes');
      await refused(sql);
      expect(routed.replicas.map(({ proxy }) => proxy.broken)).toEqual([0, 0]);
    },
  );

  it('that only looks like one is a read', async () => {
    const runner = routed.dataSource.createQueryRunner('slave');
    const sql = "SELECT 'FOR UPDATE' AS text /* FOR UPDATE */, CAST(@@server_id AS CHAR) AS server";
    const [row] = (await runner.query(sql)) as { server: string }[];
    expect(servers.replicas).toContain(row?.server);
    await runner.release();
  });

  it('by a slave query runner is refused on the primary, too, where reads are for want of a replica', async () => {
    for (const { proxy } of routed.replicas) await proxy.close();
    await eventually(() => routed.inRotation().length === 0);
    for (const sql of [...locking, ...writes]) await refused(sql);
    expect(await ask(database.appUrl, 'SELECT text FROM notes')).toEqual([{ text: 'first' }]);
    expect(routed.cluster.router.gate.used).toBe(0);
  });

  it('as a stream by a slave query runner is refused', async () => {
    const runner = routed.dataSource.createQueryRunner('slave');
    await expect(runner.stream(locking[0]!)).rejects.toThrow(WriteOnReadConnectionError);
    await runner.release();
  });
});
