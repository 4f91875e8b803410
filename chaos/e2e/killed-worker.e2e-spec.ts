import { eventually } from '@fourfold-tools/testing';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ORDERS = 200;
const KILL_WHEN_SETTLED = [30, 90];
const STOCK = 10_000;

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({ name: 'killed-worker' });
});
afterAll(() => platform?.stop());

async function countWhere(condition: string): Promise<number> {
  const [rows] = await platform.primary.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${condition}`);
  return Number(rows[0]!['n']);
}

describe('a worker killed with SIGKILL while it drains', () => {
  it('loses no order and repeats no effect', async () => {
    const { shop, worker, primary, shards } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(STOCK)];
    const placing = placeOrders(userId, productId);

    for (const settled of KILL_WHEN_SETTLED) {
      await eventually(async () => (await countWhere("orders WHERE status <> 'pending'")) >= settled, {
        deadlineMs: 60_000,
      });
      await worker.kill();
      await worker.start();
    }
    const orderIds = await placing;
    expect(new Set(orderIds).size).toBe(ORDERS);

    // A killed worker's jobs are taken over once their locks have run out.
    await eventually(async () => (await countWhere("outbox WHERE state <> 'done'")) === 0, {
      deadlineMs: 120_000,
    });
    expect(await countWhere("orders WHERE status = 'confirmed'")).toBe(ORDERS);
    expect(await shop.stockOf(productId)).toBe(STOCK - ORDERS);
    for (const id of orderIds) expect(await shop.settled(id)).toMatchObject({ status: 'confirmed' });

    const [emails] = await primary.query<RowDataPacket[]>("SELECT order_id FROM emails WHERE state = 'sent'");
    expect(emails.map((row) => String(row['order_id'])).sort()).toEqual([...orderIds].sort());
    const ours = new Set(orderIds.map((id) => `Order ${id} confirmed`));
    const caught = (await platform.mails()).filter(({ subject }) => ours.has(subject));
    expect(caught.map(({ subject }) => subject).sort()).toEqual([...ours].sort());

    const indexed = await Promise.all(
      Object.values(shards).map(async (pool) => {
        const [rows] = await pool.query<RowDataPacket[]>('SELECT order_id FROM user_orders');
        return rows.map((row) => String(row['order_id']));
      }),
    );
    expect(indexed.flat().sort()).toEqual([...orderIds].sort());
  });
});

async function placeOrders(userId: string, productId: string): Promise<string[]> {
  const ids: string[] = [];
  const buyers = Array.from({ length: 8 }, async () => {
    while (ids.length < ORDERS) {
      const slot = ids.push('') - 1;
      const answer = await platform.shop.order(userId, [{ productId, quantity: 1 }]);
      expect(answer.status, answer.text).toBe(201);
      ids[slot] = answer.body.id;
    }
  });
  await Promise.all(buyers);
  return ids;
}
