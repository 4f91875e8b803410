import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsFile, type Platform, realDays, startPlatform } from '@fourfold-tools/e2e';
import { eventually, fullRun } from '@fourfold-tools/testing';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { WarehouseReader, warehouseSettings } from '@shop/warehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const days = realDays('warehouse.e2e-spec', 3);
const sales = days.length > 0 ? days : [fromHere('../../../tools/import/fixtures/small.csv')];
/** Lines of each file. */
const LINES = fullRun ? Infinity : 30;

const SUMS = {
  orders:
    'SELECT COUNT(*) AS n, SUM(id) AS ids, SUM(total_minor) AS total, SUM(version) AS versions FROM orders',
  order_items:
    'SELECT COUNT(*) AS n, SUM(quantity) AS units, SUM(quantity * unit_price_minor) AS total FROM order_items',
  users: 'SELECT COUNT(*) AS n, SUM(id) AS ids, SUM(version) AS versions FROM users',
};

let platform: Platform;
let folder: string;
let reader: WarehouseReader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourfold-warehouse-'));
  const directory = join(folder, 'warehouse');
  reader = new WarehouseReader(warehouseSettings({ directory }));
  platform = await startPlatform({
    name: 'warehouse',
    // Its ticks are far off: it runs when it is told to.
    workerEnv: { WAREHOUSE_DIR: directory, WAREHOUSE_LAG_MS: '200', WAREHOUSE_CRON: '0 0 1 1 *' },
  });
});
afterAll(async () => {
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function importsPartOf(file: string): Promise<void> {
  const part = join(folder, 'part.csv');
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(part, lines.slice(0, LINES).join('\n'));
  await importsFile(platform, part);
}

const sumsIn = async (pools: readonly Pool[], sql: string): Promise<string[]> => {
  const parts = await Promise.all(pools.map((pool) => pool.query<RowDataPacket[]>(sql)));
  const rows = parts.map(([[row]]) => Object.values(row!) as (string | null)[]);
  return rows[0]!.map((_, at) => String(rows.reduce((sum, row) => sum + BigInt(row[at] ?? 0), 0n)));
};

async function expectSame(): Promise<void> {
  for (const [table, sql] of Object.entries(SUMS)) {
    const pools = table === 'users' ? Object.values(platform.shards) : [platform.primary];
    const { rows } = await reader.query(sql);
    expect([table, ...rows[0]!.map((sum) => String((sum ?? 0) as string | number))]).toEqual([
      table,
      ...(await sumsIn(pools, sql)),
    ]);
  }
}

/** By the schedule's run-now, as an operator does it. */
async function syncedByWorker(): Promise<void> {
  const answer = await platform.api.post('/admin/queues/warehouse-sync/run-now');
  expect([202, 409]).toContain(answer.status);
  await expectSame();
}

describe('the warehouse of a platform', () => {
  it(`has the counts and sums of the primary and the shards after ${sales.length} imported files`, async () => {
    for (const file of sales) await importsPartOf(file);
    await eventually(syncedByWorker);
    const { rows } = await reader.query("SELECT COUNT(*) FROM orders WHERE status = 'confirmed'");
    expect(Number(rows[0]![0])).toBeGreaterThan(3);
  });

  it('has a cancelled order as a change, and a user’s new name', async () => {
    const userId = await platform.shop.user('Before');
    const productId = await platform.shop.product(10);
    const { body: order } = await platform.shop.order(userId, [{ productId, quantity: 2 }]);
    await platform.shop.settled(order.id);
    await eventually(syncedByWorker);
    expect((await platform.api.post(`/orders/${order.id}/cancel`)).status).toBeLessThan(300);
    const { headers } = await platform.api.get(`/users/${userId}`);
    const changed = await platform.api.call('PATCH', `/users/${userId}`, {
      body: { name: 'After' },
      headers: { 'if-match': headers.get('etag')! },
    });
    expect(changed.status).toBeLessThan(300);
    await eventually(async () => {
      await syncedByWorker();
      const { rows } = await reader.query(
        `SELECT o.status, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = ${order.id}`,
      );
      expect(rows).toEqual([['cancelled', 'After']]);
    });
  });

  it('tells how far behind it is, and what it has written', async () => {
    const metrics = await platform.worker.metrics();
    expect(metrics).toMatch(/^warehouse_behind_seconds\S* \d/m);
    expect(metrics).toMatch(/^warehouse_rows_total\{.*table="orders".*\} [1-9]/m);
    expect(metrics).toMatch(/^warehouse_syncs_total\{.*outcome="done".*\} [1-9]/m);
  });
});
