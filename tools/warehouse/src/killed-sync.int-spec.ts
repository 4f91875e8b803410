import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type ForkedProcess, fullRun } from '@fourfold-tools/testing';
import { syncSteps, WarehouseBusyError } from '@shop/warehouse';
import { register } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isParquet } from './testing/parquet.files.js';
import type { SyncReport } from './testing/sync.process.js';
import { WarehousedShop } from './testing/warehoused.shop.js';

/** So many processes start while one is at work: a start takes longer than a sync. */
const AHEAD = 2;

let shop: WarehousedShop;
const ahead: Promise<ForkedProcess<SyncReport>>[] = [];
const all: Promise<ForkedProcess<SyncReport>>[] = [];
const next = (): Promise<ForkedProcess<SyncReport>> => {
  while (ahead.length <= AHEAD) all.push(ahead[ahead.push(shop.fork()) - 1]!);
  return ahead.shift()!;
};

beforeAll(async () => {
  shop = await WarehousedShop.start();
});
afterAll(async () => {
  for (const forked of await Promise.all(all)) await forked.crash();
  await shop?.stop();
});

/** By how they ended. */
async function syncs(): Promise<Record<string, number>> {
  const { values } = await register.getSingleMetric('warehouse_syncs_total')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels['outcome'], value]));
}

/** Until it has all: the server has to see that the connection with the lease is gone, and others' transactions to end. */
const syncAfterDeath = () =>
  eventually(async () => {
    const outcome = await shop.sync().catch((error: unknown) => error);
    if (outcome instanceof WarehouseBusyError) return false;
    if (outcome instanceof Error) throw outcome;
    expect(await shop.warehouseTotals()).toEqual(await shop.sourceTotals());
    return true;
  });

/** Every step in the full run, else those around a commit and a file that is stored. */
const steps = fullRun ? syncSteps : (['batch-applied', 'batch-committed', 'day-stored'] as const);

describe('a sync that is killed', () => {
  it.each(steps)('after it has %s is gone on with: no gap, nothing twice', async (step) => {
    const forked = await next();
    await shop.place(step === 'leased' ? 1_050 : 40, '2026-05-01');
    await shop.place(20, '2026-05-02');
    await shop.change();
    await shop.ordersAreReadable();
    forked.say({ stopAt: step });
    await forked.told('reached');
    expect(await forked.crash()).toBe('SIGKILL');

    // Whatever was being written, a reader sees whole files.
    const objects = join(shop.folder, 'objects');
    const files = await readdir(objects, { recursive: true }).catch(() => []);
    for (const file of files.filter((name) => name.endsWith('.parquet')))
      expect(await isParquet(join(objects, file))).toBe(true);

    await syncAfterDeath();
    expect(await shop.fileTotals()).toEqual(await shop.sourceTotals());
    expect(await readdir(shop.warehouseFolder)).toEqual(['warehouse.duckdb']);
  });

  it('holds its lease for as long as it lives, and no longer', async () => {
    const forked = await next();
    forked.say({ stopAt: 'leased' });
    await forked.told('reached');
    const before = await syncs();
    await expect(shop.sync()).rejects.toThrow(WarehouseBusyError);
    expect(await syncs()).toEqual({ ...before, left_out: before['left_out']! + 1 });
    await forked.crash();
    await syncAfterDeath();
  });
});
