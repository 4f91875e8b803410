import type { DataSource } from 'typeorm';
import type { TestDatabase } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import { SnowflakeIds } from './snowflake-ids.js';
import { parseSnowflake } from './snowflake-layout.js';
import { SqlWorkerIdLease } from './sql-worker-id.lease.js';
import { workerIdLeaseContract } from '../testing/worker-id-lease.contract.js';

let database: TestDatabase;
let main: DataSource;

beforeAll(async () => {
  database = await freshDatabase('primary');
  main = await openMain(database);
});
afterAll(async () => {
  await main.destroy();
  await database.drop();
});

async function freshLease(workerIds: number) {
  await main.query('DELETE FROM snowflake_workers');
  const ids = Array.from({ length: workerIds }, (_, workerId) => [workerId]);
  await main.query('INSERT INTO snowflake_workers (worker_id) VALUES ?', [ids]);
  return {
    lease: new SqlWorkerIdLease(main),
    expireAll: () =>
      main.query('UPDATE snowflake_workers SET lease_expires_at = UTC_TIMESTAMP(3) WHERE holder IS NOT NULL'),
    async serverNowMs() {
      const [row] = await main.query<{ now: number }[]>('SELECT UNIX_TIMESTAMP() AS now');
      return Number(row!.now) * 1_000;
    },
  };
}

describe('SqlWorkerIdLease', () => {
  workerIdLeaseContract(freshLease);

  it('lets a lease expire by the server’s time, whatever the holder’s clock says', async () => {
    await freshLease(1);
    const lease = new SqlWorkerIdLease(main, 1);
    const first = await lease.acquire(Date.now() + 3_600_000);
    await main.query('DO SLEEP(0.01)');
    expect((await lease.acquire(0)).workerId).toBe(first.workerId);
  });
});

describe('SnowflakeIds on the database', () => {
  it('issues no id twice from eight issuers at once, two of them successors', async () => {
    const { lease } = await freshLease(8);
    const some = (ids: SnowflakeIds) => Array.from({ length: 5_000 }, () => ids.nextId());
    const predecessors = await Promise.all([SnowflakeIds.start(lease), SnowflakeIds.start(lease)]);
    const old = predecessors.flatMap(some);
    await Promise.all(predecessors.map((ids) => ids.onApplicationShutdown()));
    const issuers = await Promise.all(Array.from({ length: 8 }, () => SnowflakeIds.start(lease)));
    const all = [...old, ...issuers.flatMap(some)];
    expect(new Set(all).size).toBe(50_000);
    await Promise.all(issuers.map((ids) => ids.onApplicationShutdown()));
  });

  it('begins after its predecessor’s reservation on the same worker id', async () => {
    const { lease } = await freshLease(1);
    const startedAt = Date.now();
    const first = await SnowflakeIds.start(lease);
    first.nextId();
    await first.onApplicationShutdown();
    const successor = await SnowflakeIds.start(lease);
    expect(parseSnowflake(successor.nextId()).timeMs).toBeGreaterThanOrEqual(startedAt + 30_000);
    await successor.onApplicationShutdown();
  });
});
