import { composeSnowflake } from '@fourfold/sharding';
import { eventually, sequence } from '@fourfold-tools/testing';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { countOf } from '../http/shop.js';
import type { Deployment } from '../http/deployment.js';

/** The days that the orders are of. */
export const SEEDED = { from: '2026-07-01', to: '2026-07-30' };
const DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;
/** Rows of one statement. */
const PORTION = 20_000;

/** Fills the platform's database with confirmed orders that no worker has to do anything about. */
export async function seedOrderLines(deployment: Deployment, orders: number, lines: number): Promise<void> {
  const { primary, replicas } = deployment.servers;
  const connection = await createConnection({
    uri: primary.appUrl,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  try {
    const stepMs = Math.floor((DAYS * DAY_MS) / orders);
    const startMs = Date.parse(SEEDED.from);
    for (let done = 0; done < orders; done += PORTION) {
      const portion = Math.min(PORTION, orders - done);
      const fromMs = startMs + done * stepMs;
      const first = composeSnowflake({ timeMs: fromMs, workerId: 0, sequence: 0 });
      const end = composeSnowflake({ timeMs: fromMs + portion * stepMs, workerId: 0, sequence: 0 });
      await connection.query(
        `INSERT INTO orders (id, user_id, status, total_minor, currency, shipping_address, created_at)
         SELECT ? + (seq - 1) * ? * 4194304, 7, 'confirmed', ?, 'GBP', 'Here',
           DATE_ADD(?, INTERVAL (seq - 1) * ? * 1000 MICROSECOND) FROM ${sequence(portion)}`,
        [first, stepMs, lines * 300, new Date(fromMs), stepMs],
      );
      for (let line = 0; line < lines; line += 1)
        await connection.query(
          `INSERT INTO order_items (order_id, product_id, line, quantity, unit_price_minor)
           SELECT id, 1000 + ? * 1000 + id DIV 4194304 MOD 997, ?, 2, 150 FROM orders WHERE id >= ? AND id < ?`,
          [line, line, first, end],
        );
    }
    const counted = await countOf(deployment, ROWS);
    for (const { readUrl } of replicas)
      await eventually(async () => (await rowsAt(readUrl)) === counted, {
        deadlineMs: 300_000,
        everyMs: 500,
      });
  } finally {
    await connection.end();
  }
}

const ROWS = 'SELECT COUNT(*) AS rows_found FROM order_items';

async function rowsAt(url: string): Promise<number> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(ROWS);
    return Number(rows[0]?.['rows_found']);
  } finally {
    await connection.end();
  }
}
