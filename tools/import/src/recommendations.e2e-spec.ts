import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importsFile, type Platform, realDays, startPlatform } from '@fourfold-tools/e2e';
import { eventually, fullRun } from '@fourfold-tools/testing';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DaySize, generateDay } from './generated-day.testing.js';

const days = realDays('recommendations.e2e-spec', 3);
const areThere = days.length > 0;

/** In `npm test`, of the three days what they sold of these: as many invoices, with fewer lines. */
const PRODUCTS = fullRun ? Number.POSITIVE_INFINITY : 30;
const OFTEN = 12;
/** Few articles, so that some are often bought together. */
const GENERATED: DaySize = { sales: 60, largest: 12, articles: 10 };

interface Line {
  row: string;
  invoice: string;
  code: string;
}

/** Lines that sell something: an invoice, no credit note, a quantity and a price. */
function salesIn(csv: string): Line[] {
  return csv
    .split('\n')
    .slice(1)
    .flatMap((row) => {
      const cells =
        row.match(/("(?:[^"]|"")*"|[^,]*)(?=,|$),?/g)?.map((cell) => cell.replace(/,$/, '')) ?? [];
      const [invoice = '', code = '', , quantity, , price] = cells;
      const sells =
        invoice !== '' && !invoice.startsWith('C') && Number(quantity) > 0 && Number(price) >= 0.005;
      return sells ? [{ row, invoice, code: code.toUpperCase() }] : [];
    });
}

const productsOf = (lines: readonly Line[]): string[][] =>
  Array.from(Map.groupBy(lines, ({ invoice }) => invoice).values(), (its) => [
    ...new Set(its.map(({ code }) => code)),
  ]);

function countOf(items: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

interface Pair {
  codes: [string, string];
  together: number;
  cosine: number;
}

/** Pairs that were bought together often, those with the highest cosine first. */
function pairsIn(invoices: readonly string[][]): Pair[] {
  const single = countOf(invoices.flat());
  const both = countOf(
    invoices.flatMap((codes) => codes.flatMap((a) => codes.flatMap((b) => (a < b ? `${a} ${b}` : [])))),
  );
  return Array.from(both, ([key, together]) => {
    const codes = key.split(' ') as [string, string];
    const cosine = together / Math.sqrt(single.get(codes[0])! * single.get(codes[1])!);
    return { codes, together, cosine };
  })
    .filter(({ together }) => together >= OFTEN)
    .toSorted((a, b) => b.cosine - a.cosine);
}

const scratch = mkdtempSync(join(tmpdir(), 'fourfold-recommendations-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe(`after npm run import of ${areThere ? 'three real days' : 'a generated day'}`, () => {
  let platform: Platform;
  let pairs: Pair[];
  beforeAll(async () => {
    const csvs = areThere ? days.map((day) => readFileSync(day, 'utf8')) : [generateDay(GENERATED).csv];
    const all = salesIn(csvs.join('\n'));
    const popular = [...countOf(productsOf(all).flat())].toSorted(([, a], [, b]) => b - a).slice(0, PRODUCTS);
    const codes = new Set(popular.map(([code]) => code));
    pairs = pairsIn(productsOf(all.filter(({ code }) => codes.has(code))));
    platform = await startPlatform({ name: 'recommended_import' });
    for (const csv of csvs) {
      const kept = fullRun ? csv : withOnly(csv, codes);
      const file = join(scratch, 'day.csv');
      writeFileSync(file, kept);
      expect(await importsFile(platform, file)).toMatchObject({
        orders: { rejected: 0, stillPending: 0 },
        refused: { count: 0 },
      });
    }
    await counted(platform);
  });
  afterAll(() => platform?.stop());

  it('products that were often bought together name each other', async () => {
    const { codes, together } = pairs[0]!;
    const ids = await Promise.all(codes.map((code) => idOf(platform, code)));
    for (const [of, other] of [ids, ids.toReversed()]) {
      const path = `/products/${of}/recommendations?limit=5` as const;
      const { body } = await platform.api.get(path);
      expect(
        body.items.map(({ id }) => id),
        `${codes.join(' and ')}, ${together} times`,
      ).toContain(other);
    }
  });

  it('so do the ten closest pairs', async () => {
    for (const { codes } of pairs.slice(0, 10)) {
      const [a, b] = await Promise.all(codes.map((code) => idOf(platform, code)));
      const { body } = await platform.api.get(`/products/${a}/recommendations`);
      expect(
        body.items.map(({ id }) => id),
        codes.join(' and '),
      ).toContain(b);
    }
  });

  it('the counts are those of the file: exactly, or short of what large orders were left out of', async () => {
    for (const { codes, together } of pairs.slice(0, 20)) {
      const [a, b] = await Promise.all(codes.map((code) => idOf(platform, code)));
      const sql = 'SELECT orders, missed FROM basket_pairs WHERE product_id = ? AND other_id = ?';
      const [rows] = await platform.primary.query<RowDataPacket[]>(sql, [a, b]);
      const counted = Number(rows[0]?.['orders']);
      if (!fullRun) expect([codes, counted]).toEqual([codes, together]);
      expect(counted).toBeLessThanOrEqual(together);
      expect(counted).toBeGreaterThan(together / 2);
    }
  });
});

function withOnly(csv: string, codes: ReadonlySet<string>): string {
  const [head] = csv.split('\n');
  const rows = salesIn(csv).filter(({ code }) => codes.has(code));
  return [head, ...rows.map(({ row }) => row)].join('\n');
}

/** Has what is to be counted later counted now. */
async function counted({ primary, dueNow }: Platform): Promise<void> {
  await dueNow('recommendations');
  const open = "SELECT 1 FROM outbox WHERE queue = ? AND state <> 'done' LIMIT 1";
  const isOver = async () =>
    (await primary.query<RowDataPacket[]>(open, ['recommendations']))[0].length === 0;
  await eventually(isOver, { deadlineMs: 60_000 });
}

async function idOf({ primary }: Platform, code: string): Promise<string> {
  const sql = 'SELECT CAST(id AS CHAR) AS id FROM products WHERE UPPER(sku) = ?';
  const [rows] = await primary.query<RowDataPacket[]>(sql, [code]);
  return String(rows[0]!['id']);
}
