import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeSnowflake } from '@fourfold/sharding';
import { importsFile, type Platform, realDays, startPlatform } from '@fourfold-tools/e2e';
import { appEnvironment, installPrograms, stackOptionsFromEnv } from '@fourfold-tools/stack';
import { eventually, fullRun, topology } from '@fourfold-tools/testing';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import readXlsxFile from 'read-excel-file/node';
import { afterAll, beforeAll, expect, it } from 'vitest';

const DAY_MS = 24 * 60 * 60_000;
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const small = fromHere('../fixtures/small.csv');
const real = realDays('reported-sales.e2e-spec', 3);
const areThere = real.length > 0;
/** Of each day, its head included. */
const MOST_LINES = fullRun ? Infinity : 80;

let platform: Platform;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'fourfold-reported-'));
  platform = await startPlatform({ name: 'reported-sales' });
});
afterAll(async () => {
  await platform?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Totals {
  orders: number;
  units: number;
  pence: number;
}

interface Counted {
  days: Totals[];
  products: Map<string, Omit<Totals, 'orders'>>;
}

/**
 * What the sales of some days come to, straight from their files and by no code of the platform: sold is what has a
 * quantity and a price, on no credit note; an article costs what it did at its first sale.
 */
function counted(files: readonly string[]): Counted {
  const priceOf = new Map<string, number>();
  const products: Counted['products'] = new Map();
  const days = files.map((file) => {
    const invoices = new Set<string>();
    const day = { orders: 0, units: 0, pence: 0 };
    for (const row of readFileSync(file, 'utf8').split('\n').slice(1)) {
      // A description may have commas, in quotes. Numbers and codes have none.
      const [invoice = '', code = '', quantity, , price] = row
        .replace(/,"(?:[^"]|"")*",/, ',,')
        .split(',')
        .filter((_, column) => column !== 2);
      const [units, pence] = [Number(quantity), Math.round(Number(price) * 100)];
      if (invoice === '' || invoice.startsWith('C') || !(units > 0) || !(pence > 0)) continue;
      const sku = code.toUpperCase();
      if (!priceOf.has(sku)) priceOf.set(sku, pence);
      invoices.add(invoice);
      const worth = units * priceOf.get(sku)!;
      day.units += units;
      day.pence += worth;
      const product = products.get(sku) ?? { units: 0, pence: 0 };
      products.set(sku, { units: product.units + units, pence: product.pence + worth });
    }
    return { ...day, orders: invoices.size };
  });
  return { days, products };
}

/** As the first lines of it, in a run that is to be short. */
function shortened(file: string, index: number): string {
  const path = join(scratch, `${index}.csv`);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(0, MOST_LINES);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** An import places its orders now. @param day that those since the last call are given, in their ids as well */
async function movesNewOrdersTo(day: string, since: Date): Promise<number> {
  const [rows] = await platform.primary.query<RowDataPacket[]>(
    'SELECT CAST(id AS CHAR) AS id FROM orders WHERE created_at >= ? ORDER BY id',
    [since],
  );
  const connection = await platform.primary.getConnection();
  await connection.query('SET SESSION foreign_key_checks = 0');
  for (const [index, { id }] of rows.entries()) {
    const at = Date.parse(day) + DAY_MS / 2 + index;
    const moved = composeSnowflake({ timeMs: at, workerId: 0, sequence: 0 });
    await connection.query('UPDATE order_items SET order_id = ? WHERE order_id = ?', [moved, id]);
    await connection.query('UPDATE orders SET id = ?, created_at = ? WHERE id = ?', [
      moved,
      new Date(at),
      id,
    ]);
  }
  connection.destroy();
  return rows.length;
}

/** Reports are read from them. */
async function replicasHave(orders: number, before: Date): Promise<void> {
  const { env, repoRoot } = topology();
  const options = stackOptionsFromEnv(env, repoRoot);
  const urls = appEnvironment(options, { app: 'worker', database: platform.id })['DB_REPLICA_URLS']!.split(
    ',',
  );
  for (const url of urls) {
    const replica = await createConnection({ uri: url, timezone: 'Z' });
    await eventually(async () => {
      const [[row]] = await replica.query<RowDataPacket[]>(
        'SELECT COUNT(*) AS moved FROM orders WHERE created_at < ?',
        [before],
      );
      expect(Number(row!['moved'])).toBe(orders);
    });
    await replica.end();
  }
}

async function reportOf(format: 'pdf' | 'xlsx', from: string, to: string): Promise<Buffer> {
  const request = { type: 'sales', format, from, to, email: 'reports@example.com' };
  const key = { 'idempotency-key': randomUUID() };
  const { body: asked } = await platform.api.post('/reports', request, key);
  const url = await eventually(
    async () => {
      const { body } = await platform.api.get(`/reports/${asked.id}`);
      return body.status === 'done' && body.url!;
    },
    { deadlineMs: 120_000 },
  );
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

function textOf(pdf: Buffer): string {
  const { pdftotext } = installPrograms(['pdftotext'], () => {});
  const path = join(scratch, 'report.pdf');
  writeFileSync(path, pdf);
  return execFileSync(pdftotext, ['-layout', path, '-'], { encoding: 'utf8' });
}

const money = (pence: number) =>
  (pence / 100).toLocaleString('en-GB', { style: 'currency', currency: 'GBP' });
const number = (count: number) => count.toLocaleString('en-GB');
const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Of the table of products, as pdftotext lays it out. */
const lineOf = (rank: number, sku: string, { units, pence }: Omit<Totals, 'orders'>): RegExp =>
  new RegExp(`^ *${rank} +${escaped(sku)} .* ${number(units)} +${escaped(money(pence))}$`, 'm');

it(`a report of ${areThere ? 'three real days' : 'the committed file'}, imported, has what the files come to`, async () => {
  const started = new Date(Date.now() - 60_000);
  const files = (areThere ? real : [small]).map(shortened);
  const days = files.map((_, index) =>
    new Date(Date.now() - (9 - index) * DAY_MS).toISOString().slice(0, 10),
  );
  let orders = 0;
  for (const [index, file] of files.entries()) {
    await importsFile(platform, file);
    orders += await movesNewOrdersTo(days[index]!, started);
  }
  await replicasHave(orders, started);

  const expected = counted(files);
  const [from, to] = [days[0]!, days.at(-1)!];
  const sheets = await readXlsxFile(await reportOf('xlsx', from, to));
  const rows = (name: string) => sheets.find(({ sheet }) => sheet === name)!.data.slice(1, -1);
  expect(rows('Revenue per day')).toEqual(
    expected.days.map((day, index) => [new Date(days[index]!), day.orders, day.units, day.pence / 100]),
  );
  const best = [...expected.products]
    .sort(([, a], [, b]) => b.pence - a.pence || b.units - a.units)
    .slice(0, 10);
  const products = rows('Products').map(([sku, , units, revenue]) => [sku, units, revenue]);
  expect(products.slice(0, 10)).toEqual(best.map(([sku, { units, pence }]) => [sku, units, pence / 100]));
  expect(products).toHaveLength(expected.products.size);

  const sum = (of: (day: Totals) => number) => expected.days.reduce((all, day) => all + of(day), 0);
  const text = textOf(await reportOf('pdf', from, to));
  const [revenue, units] = [money(sum(({ pence }) => pence)), number(sum((day) => day.units))];
  expect(text.replaceAll(/ +/g, ' ')).toContain(`Revenue ${revenue} Orders ${number(orders)} Units ${units}`);
  for (const [rank, [sku, product]] of best.entries()) expect(text).toMatch(lineOf(rank + 1, sku, product));
  expect(orders).toBe(sum((day) => day.orders));
  expect(orders).toBeGreaterThan(areThere && fullRun ? 300 : 4);
});
