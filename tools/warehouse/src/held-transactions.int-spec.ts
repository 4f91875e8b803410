import { eventually } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WarehousedShop } from './testing/warehoused.shop.js';

let shop: WarehousedShop;
beforeAll(async () => {
  shop = await WarehousedShop.start();
  await shop.place(30);
  await shop.syncAll();
});
afterAll(() => shop?.stop());

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0)) await each();
});

const cancel = (id: string) =>
  `UPDATE orders SET status = 'cancelled', version = version + 1 WHERE id = ${id}`;

const inWarehouse = async (id: string): Promise<string | undefined> => {
  const { rows } = await shop.reader.query(`SELECT status FROM orders WHERE id = ${id}`);
  return rows[0]?.[0] as string | undefined;
};

/** The same watermark over the same index, up to the clock less the lag: what a transaction holds is not looked at. */
class UpToTheClock {
  readonly statuses = new Map<string, string>();
  private after = { at: '1970-01-02 00:00:00', id: '0' };

  async sync(): Promise<void> {
    const { at, id } = this.after;
    const rows = await shop.primary.query<{ orderId: string; status: string; at: string }[]>(
      `SELECT CAST(id AS CHAR) AS orderId, status, CAST(updated_at AS CHAR) AS at FROM orders
       WHERE (updated_at = ? AND id > ?) OR (updated_at > ? AND updated_at <= NOW(6) - INTERVAL 200000 MICROSECOND)
       ORDER BY orders.updated_at, orders.id`,
      [at, id, at],
    );
    for (const row of rows) {
      this.statuses.set(row.orderId, row.status);
      this.after = { at: row.at, id: row.orderId };
    }
  }
}

describe('a row that is committed late, with a time before the watermark', () => {
  it('is missed where the clock alone says how far to read', async () => {
    const naive = new UpToTheClock();
    const held = await shop.hold(cancel('1'));
    const [later] = await shop.place(1);
    await shop.lagIsOver();
    await naive.sync();
    expect(naive.statuses.has(later!)).toBe(true);
    await held.commitTransaction();
    await held.release();
    await naive.sync();
    expect(naive.statuses.get('1')).toBe('pending');
  });

  it('is waited for, and what others have committed since waits with it', async () => {
    await shop.syncAll();
    const held = await shop.hold(cancel('2'));
    const [later] = await shop.place(1);
    await shop.lagIsOver();
    for (let sync = 0; sync < 3; sync += 1) expect((await shop.sync()).rows.orders).toBe(0);
    expect(await inWarehouse(later!)).toBeUndefined();
    await held.commitTransaction();
    await held.release();
    await shop.syncAll();
    expect([await inWarehouse('2'), await inWarehouse(later!)]).toEqual(['cancelled', 'pending']);
  });

  it('is let go when it is rolled back', async () => {
    await shop.syncAll();
    const held = await shop.hold(cancel('3'));
    const [later] = await shop.place(1);
    await shop.lagIsOver();
    expect((await shop.sync()).rows.orders).toBe(0);
    await held.rollbackTransaction();
    await held.release();
    await shop.syncAll();
    expect([await inWarehouse('3'), await inWarehouse(later!)]).toEqual(['pending', 'pending']);
  });

  it('is waited for on a shard as well, where the main cluster goes on', async () => {
    await shop.syncAll();
    const runner = shop.shard(1).createQueryRunner();
    await runner.startTransaction();
    await runner.query(
      "INSERT INTO users (id, name, email, created_at) VALUES (9001, 'Held', 'held@example.com', NOW(3))",
    );
    await shop
      .shard(1)
      .query(
        "INSERT INTO users (id, name, email, created_at) VALUES (9002, 'Later', 'l@example.com', NOW(3))",
      );
    const [order] = await shop.place(1);
    await eventually(async () => {
      await shop.sync();
      return (await inWarehouse(order!)) !== undefined;
    });
    const users = () => shop.reader.query('SELECT id FROM users WHERE id > 9000 ORDER BY id');
    expect((await users()).rows).toEqual([]);
    await runner.commitTransaction();
    await runner.release();
    await shop.syncAll();
    expect((await users()).rows).toEqual([['9001'], ['9002']]);
  });

  it('is waited for while its statement waits for a whole table: InnoDB has no transaction of it yet', async () => {
    await shop.syncAll();
    const owner = await new DataSource({ type: 'mysql', url: shop.migrateUrl, poolSize: 1 }).initialize();
    undo.push(() => owner.destroy());
    const lock = owner.createQueryRunner();
    await lock.query('LOCK TABLES order_items WRITE');
    // Its time is that of its beginning; the table that it reads beside is locked.
    const waiting = shop.primary.query(
      "UPDATE orders SET status = 'cancelled' WHERE id = 4 AND EXISTS (SELECT 1 FROM order_items WHERE order_id = 4)",
    );
    await eventually(async () => {
      const [row] = await shop.primary.query<{ n: string }[]>(
        "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%' AND TIME >= 1",
      );
      return Number(row!.n) > 0;
    });
    await shop.sync();
    const { sources } = await shop.reader.status();
    const { completeAt } = sources.find(({ source }) => source === 'orders')!;
    await lock.query('UNLOCK TABLES');
    await waiting;
    await lock.release();
    const [row] = await shop.primary.query<{ at: string }[]>(
      'SELECT CAST(updated_at AS CHAR) AS at FROM orders WHERE id = 4',
    );
    expect(completeAt! < row!.at).toBe(true);
    await shop.syncAll();
    expect(await inWarehouse('4')).toBe('cancelled');
  });

  it('is not expected of a transaction that has changed nothing, however old it is', async () => {
    const reading = await shop.hold('SELECT COUNT(*) FROM orders');
    const [order] = await shop.place(1);
    await shop.syncAll();
    expect(await inWarehouse(order!)).toBe('pending');
    await reading.rollbackTransaction();
    await reading.release();
  });
});
