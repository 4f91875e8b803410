import { gate } from '@fourfold-tools/testing';
import { WarehouseBusyError } from '@shop/warehouse';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { WarehousedShop } from './testing/warehoused.shop.js';

let shop: WarehousedShop;
beforeAll(async () => {
  shop = await WarehousedShop.start();
});
afterEach(() => vi.useRealTimers());
afterAll(() => shop?.stop());

/** Longer than it takes until a sync looks at its lease. */
const A_LOOK_LATER_MS = 11_000;

it('a sync whose lease is lost stops at its batch, and leaves the rest to the one that has it', async () => {
  await shop.place(1_500);
  await shop.ordersAreReadable();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
  const [reached, goOn] = [gate(), gate()];
  const cutShort = shop.sync({
    onStep: async (step) => {
      if (step !== 'batch-read') return;
      reached.open();
      await goOn.passed;
    },
  });
  const ended = cutShort.then(
    () => undefined,
    (error: unknown) => error,
  );
  await reached.passed;
  const [row] = await shop.primary.query<{ id: string }[]>(
    `SELECT IS_USED_LOCK(CONCAT('warehouse:', DATABASE())) AS id`,
  );
  await shop.primary.query(`KILL ${row!.id}`);
  await vi.advanceTimersByTimeAsync(A_LOOK_LATER_MS);
  goOn.open();

  expect(await ended).toBeInstanceOf(WarehouseBusyError);
  expect(String(await ended)).toContain('The lease of the sync was lost');
  expect((await shop.warehouseTotals()).orders).toMatchObject({ n: '1000' });
  vi.useRealTimers();
  await shop.syncAll();
  expect(await shop.fileTotals()).toEqual(await shop.sourceTotals());
});
