import 'reflect-metadata';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ObjectStorageUnavailableError } from '@fourfold/object-storage';
import { fullRun, seeded } from '@fourfold-tools/testing';
import readXlsxFile from 'read-excel-file/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ReportedShop, type SeededOrder } from './reported-shop.js';

let shop: ReportedShop;
beforeAll(async () => {
  shop = await ReportedShop.start();
});
afterAll(() => shop?.stop());

const goOn = { signal: new AbortController().signal, progress: () => Promise.resolve() };

async function sheets(id: string) {
  const file = await buffer(await shop.store.read(`reports/${id}.xlsx`));
  const read = await readXlsxFile(file);
  const rows = (name: string) => read.find(({ sheet }) => sheet === name)!.data;
  return { days: rows('Revenue per day'), products: rows('Products') };
}

describe('a report of sales', () => {
  it('has what an independent count of the same orders comes to', async () => {
    const random = seeded(17);
    const upTo = (limit: number) => Math.floor(random() * limit);
    const orders: SeededOrder[] = Array.from({ length: fullRun ? 20_000 : 2_500 }, () => {
      const at = Date.UTC(2026, 3, 30, 12) + upTo(5 * 24 * 60 * 60_000);
      const lines = new Map(
        Array.from({ length: 1 + upTo(4) }, () => {
          const product = 1 + upTo(60);
          return [product, [product, 1 + upTo(20), 1 + upTo(100_000)]] as const;
        }),
      );
      const status = (['confirmed', 'confirmed', 'pending', 'rejected', 'cancelled'] as const)[upTo(5)]!;
      return { at: new Date(at).toISOString(), status, lines: [...lines.values()] as SeededOrder['lines'] };
    });
    // The edges of the period, and sums that a double can't hold.
    orders.push(
      { at: '2026-04-30T23:59:59.999Z', lines: [[61, 1, 1]] },
      { at: '2026-05-01T00:00:00.000Z', lines: [[62, 1, 1]] },
      {
        at: '2026-05-03T23:59:59.999Z',
        lines: [
          [63, 2_147_483_647, 4_000_000n],
          [1, 1, 1],
        ],
      },
      { at: '2026-05-04T00:00:00.000Z', lines: [[64, 1, 1]] },
    );
    await shop.seed(orders, { 63: 'Ω & "quoted" <b>李</b>', 62: '=1+1' });

    const counted = new Map<string, [orders: number, units: number, pence: bigint]>();
    const byProduct = new Map<number, [units: number, pence: bigint]>();
    for (const { at, status = 'confirmed', lines } of orders) {
      const day = at.slice(0, 10);
      if (status !== 'confirmed' || day < '2026-05-01' || day > '2026-05-03') continue;
      const total = counted.get(day) ?? [0, 0, 0n];
      counted.set(day, total);
      total[0] += 1;
      for (const [product, quantity, price] of lines) {
        const pence = BigInt(quantity) * BigInt(price);
        total[1] += quantity;
        total[2] += pence;
        const [units, sum] = byProduct.get(product) ?? [0, 0n];
        byProduct.set(product, [units + quantity, sum + pence]);
      }
    }

    const id = await shop.addReport();
    await shop.makeReport.execute({ reportId: id }, goOn);
    const { days, products } = await sheets(id);
    expect(days[0]).toEqual(['Day', 'Orders', 'Units', 'Revenue (GBP)']);
    const ofDays = [...counted].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(days.slice(1, -1)).toEqual(
      ofDays.map(([day, [count, units, pence]]) => [new Date(day), count, units, Number(pence) / 100]),
    );
    const pence = ofDays.reduce((sum, [, [, , revenue]]) => sum + revenue, 0n);
    expect(days.at(-1)).toEqual([
      'Total',
      ofDays.reduce((sum, [, [count]]) => sum + count, 0),
      ofDays.reduce((sum, [, [, units]]) => sum + units, 0),
      Number(pence) / 100,
    ]);
    const ranked = [...byProduct].sort(([, [, a]], [, [, b]]) => (a < b ? 1 : -1));
    expect(products.slice(1, -1).map((row) => row.slice(2))).toEqual(
      ranked.map(([, [units, revenue]]) => [units, Number(revenue) / 100]),
    );
    expect(products[1]!.slice(0, 2)).toEqual(['SKU-63', 'Ω & "quoted" <b>李</b>']);
    expect(products.map(([, name]) => name)).toContain('=1+1');
    expect(await shop.row(id)).toMatchObject({
      status: 'done',
      percent: 100,
      object_key: `reports/${id}.xlsx`,
    });
  });

  it('of days without orders is whole, in both formats, and once', async () => {
    for (const format of ['pdf', 'xlsx'] as const) {
      const id = await shop.addReport({ format, from: '2025-01-01', to: '2025-12-31' });
      await shop.makeReport.execute({ reportId: id }, goOn);
      await shop.makeReport.execute({ reportId: id }, goOn);
      expect((await shop.store.stat(`reports/${id}.${format}`))!.bytes).toBeGreaterThan(1_000);
      expect(await shop.outbox.stateOf(shop.dataSource.manager, `report-ready:${id}`)).toBe('pending');
    }
  });

  it.each(['1970-01-01', '2093-12-31', '9999-12-31'])(
    'of %s, when ids have no time, is empty',
    async (day) => {
      const id = await shop.addReport({ from: day, to: day });
      await shop.makeReport.execute({ reportId: id }, goOn);
      expect((await sheets(id)).days.at(-1)).toEqual(['Total', 0, 0, 0]);
    },
  );

  it('made by two jobs at once is one, with one e-mail', async () => {
    const id = await shop.addReport();
    await Promise.all([1, 2, 3].map(() => shop.makeReport.execute({ reportId: id }, goOn)));
    expect((await sheets(id)).days).toHaveLength(5);
    expect(await shop.row(id)).toMatchObject({ status: 'done' });
  });

  it('that is stopped leaves no file and is made by the next attempt', async () => {
    const id = await shop.addReport();
    const stop = new AbortController();
    const stopped = shop.makeReport.execute(
      { reportId: id },
      { signal: stop.signal, progress: async () => stop.abort(new Error('over the soft limit')) },
    );
    await expect(stopped).rejects.toThrow('over the soft limit');
    expect(await shop.store.stat(`reports/${id}.xlsx`)).toBeUndefined();
    expect(await readdir(join(shop.folder, '.incoming')).catch(() => [])).toEqual([]);
    expect(await shop.row(id)).toMatchObject({ status: 'running' });
    await shop.makeReport.execute({ reportId: id }, goOn);
    expect(await shop.row(id)).toMatchObject({ status: 'done' });
  });

  it('of a million lines holds none of them, and tells how far it is', async () => {
    const orders = fullRun ? 333_334 : 6_000;
    await shop.seedDay('2026-07-01', orders);
    const id = await shop.addReport({ from: '2026-07-01', to: '2026-07-01' });
    const percents: number[] = [];
    let highest = 0;
    const watching = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 20);
    const before = process.memoryUsage.rss();
    const progress = async (percent: number) => void percents.push(percent);
    await shop.makeReport.execute({ reportId: id }, { ...goOn, progress });
    clearInterval(watching);
    const { days } = await sheets(id);
    expect(days.at(-1)).toEqual(['Total', orders, orders * 6, orders * 9]);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect([percents[0], percents.at(-1)]).toEqual([0, 100]);
    if (fullRun) expect(percents.length).toBeGreaterThan(3);
    // A million lines as objects are over 200 MB.
    expect(highest - before).toBeLessThan(100 * 1_024 * 1_024);
  });

  it('that its storage refuses is not done, sends no e-mail, and is made when it takes files again', async () => {
    const id = await shop.addReport({ format: 'pdf' });
    const refused = new ObjectStorageUnavailableError('put', 'ECONNREFUSED', undefined);
    const put = vi.spyOn(shop.store, 'put').mockRejectedValueOnce(refused);
    // Blames the dependency: the queue waits for it and spends no attempt.
    await expect(shop.makeReport.execute({ reportId: id }, goOn)).rejects.toMatchObject({
      dependency: 'object-storage',
    });
    expect(await shop.row(id)).toMatchObject({ status: 'running', object_key: null });
    expect(await shop.outbox.stateOf(shop.dataSource.manager, `report-ready:${id}`)).toBe('unknown');
    await shop.makeReport.execute({ reportId: id }, goOn);
    expect(await shop.row(id)).toMatchObject({ status: 'done' });
    put.mockRestore();
  });

  it('that is unknown, such as one that was removed, is an error', async () => {
    await expect(shop.makeReport.execute({ reportId: '1' }, goOn)).rejects.toThrow('no report 1');
  });
});

describe('a report whose time is over', () => {
  it('goes with its file, and a younger one stays', async () => {
    const [old, young] = [
      await shop.addReport({}, '2026-06-01T00:00:00Z'),
      await shop.addReport({}, '2026-06-01T00:00:01Z'),
    ];
    for (const id of [old, young]) await shop.makeReport.execute({ reportId: id }, goOn);
    await shop.expired.remove(Date.parse('2026-07-01T00:00:00.500Z'));
    expect([await shop.row(old), await shop.store.stat(`reports/${old}.xlsx`)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await shop.row(young)).toMatchObject({ status: 'done' });
    expect(await shop.store.stat(`reports/${young}.xlsx`)).toBeDefined();
  });
});
