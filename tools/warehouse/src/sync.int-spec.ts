import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WarehousedShop } from './testing/warehoused.shop.js';

let shop: WarehousedShop;
beforeAll(async () => {
  shop = await WarehousedShop.start({ replicas: true });
});
afterAll(() => shop?.stop());

async function expectSame(): Promise<void> {
  const there = await shop.sourceTotals();
  expect(await shop.warehouseTotals()).toEqual(there);
  expect(await shop.fileTotals()).toEqual(there);
}

describe('a sync of the warehouse', () => {
  it('of nothing is whole', async () => {
    expect(await shop.sync()).toEqual({
      rows: { orders: 0, order_items: 0, users: 0 },
      files: 0,
      complete: true,
    });
    expect(
      (await shop.reader.status()).sources.map(({ source, completeAt }) => [source, completeAt !== null]),
    ).toEqual(
      ['orders', 'users:shard-0', 'users:shard-1', 'users:shard-2', 'users:shard-3'].map((source) => [
        source,
        true,
      ]),
    );
  });

  it('has what the primary and the shards have, in DuckDB and in files by day that another reader reads', async () => {
    await shop.place(2_300, '2026-05-01');
    await shop.place(400, '2026-05-02');
    await shop.syncAll();
    await expectSame();
    const keys = [];
    for await (const { key } of shop.store.list('warehouse/')) keys.push(key);
    expect(keys).toEqual(
      ['order_items', 'orders', 'users'].flatMap((table) =>
        ['2026-05-01', '2026-05-02'].map((day) => `warehouse/${table}/day=${day}/${table}.parquet`),
      ),
    );
  });

  it('reads what has changed since, and writes the days of that alone', async () => {
    await shop.primary.query("UPDATE orders SET status = 'cancelled', version = 2 WHERE id = 2500");
    await shop.syncAll();
    await shop.primary.query(
      "UPDATE orders SET status = 'confirmed', version = version + 1 WHERE id IN (7, 8)",
    );
    const done = await eventually(async () => {
      const outcome = await shop.sync();
      return outcome.rows.orders > 0 && outcome;
    });
    expect(done).toEqual({ rows: { orders: 2, order_items: 4, users: 0 }, files: 2, complete: true });
    await shop.change();
    await shop.syncAll();
    await expectSame();
    expect(await shop.sync()).toMatchObject({ rows: { orders: 0, users: 0 }, files: 0 });
  });
});
