import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  WarehouseBusyError,
  WarehousePrivilegeError,
  WarehouseQueryError,
  WarehouseReader,
  warehouseSettings,
  WarehouseUnusableError,
  SyncWarehouse,
} from '@shop/warehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWarehouse } from './warehouse.context.js';
import { WarehousedShop } from './testing/warehoused.shop.js';

let shop: WarehousedShop;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourfold-bad-'));
  shop = await WarehousedShop.start();
  await shop.place(5);
  await shop.syncAll();
});
afterAll(async () => {
  await shop?.stop();
  await rm(folder, { recursive: true });
});

describe('a query', () => {
  it.each([
    ['INSERT INTO users (id) VALUES (1)', /read-only for queries/],
    ["UPDATE orders SET status = 'cancelled'", /read-only for queries/],
    ['DELETE FROM orders', /read-only for queries/],
    ['DROP TABLE orders', /read-only for queries/],
    ['CREATE TABLE mine AS SELECT 1', /read-only for queries/],
    ["COPY orders TO '/tmp/fourfold-stolen.csv'", /no files or addresses/],
    ["SELECT * FROM read_csv('/etc/passwd')", /no files or addresses/],
    ["ATTACH '/tmp/fourfold-other.duckdb'", /no files or addresses/],
    ['INSTALL httpfs', /no files or addresses/],
    ['SET enable_external_access = true', /enable external access|configuration/],
    ['SET memory_limit = "100GB"', /locked/],
    ['SELECT 1; SELECT 2', /one statement, not 2/],
    ['', /one statement, not 0/],
    ['SELEC 1', /syntax error/],
    ['SELECT nothing FROM orders', /nothing/],
    ['SELECT * FROM range(100001)', /over 100000 rows/],
  ])('%s is refused', async (sql, message) => {
    const error: unknown = await shop.reader.query(sql).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WarehouseQueryError);
    expect((error as Error).message).toMatch(message);
    expect((await shop.reader.query('SELECT COUNT(*) FROM orders')).rows).toEqual([['5']]);
  });

  it('gives what it found, with the columns’ names', async () => {
    expect(await shop.reader.query('SELECT status, COUNT(*) AS n FROM orders GROUP BY ALL')).toEqual({
      columns: ['status', 'n'],
      rows: [['pending', '5']],
    });
  });
});

const readerOf = (directory: string) => new WarehouseReader(warehouseSettings({ directory, fileWaitMs: 0 }));

/** DuckDB's own: each header has its sum before it. */
function checksum(bytes: Buffer): bigint {
  let sum = 5_381n;
  for (let at = 8; at < 4_096; at += 8)
    sum ^= (bytes.readBigUInt64LE(at) * 0xbf58_476d_1ce4_e5b9n) & 0xffff_ffff_ffff_ffffn;
  return sum;
}

describe('a warehouse that can’t be used says why', () => {
  const withFolder = async (directory: string): Promise<unknown> => {
    const app = await openWarehouse({ ...shop.config, WAREHOUSE_DIR: directory });
    const outcome: unknown = await app
      .get(SyncWarehouse)
      .execute()
      .catch((error: unknown) => error);
    await app.close();
    return outcome;
  };
  const changed = async (name: string, change: (bytes: Buffer) => void): Promise<string> => {
    const directory = join(folder, name);
    await mkdir(directory);
    const bytes = await readFile(join(shop.warehouseFolder, 'warehouse.duckdb'));
    change(bytes);
    await writeFile(join(directory, 'warehouse.duckdb'), bytes);
    return directory;
  };
  const expectUnusable = (error: unknown, message: RegExp) => {
    expect(error).toBeInstanceOf(WarehouseUnusableError);
    expect((error as Error).message).toMatch(message);
  };

  it('where its folder is none that can be written to', async () => {
    await writeFile(join(folder, 'a-file'), '');
    expectUnusable(await withFolder(join(folder, 'a-file', 'below')), /can’t be written to.*WAREHOUSE_DIR/);
  });

  it('where nothing was synced yet', async () => {
    expectUnusable(
      await readerOf(join(folder, 'nowhere'))
        .status()
        .catch((error: unknown) => error),
      /run a sync first/,
    );
  });

  it('where the file is something else', async () => {
    const directory = await changed('other-file', (bytes) => bytes.fill('x'));
    expectUnusable(await withFolder(directory), /no DuckDB file.*Move it away/);
    expectUnusable(
      await readerOf(directory)
        .status()
        .catch((error: unknown) => error),
      /no DuckDB file/,
    );
  });

  it('where the file is damaged, or cut short', async () => {
    const directory = await changed('damaged', (bytes) =>
      bytes.writeUInt8(bytes.readUInt8(4_200) ^ 255, 4_200),
    );
    expectUnusable(await withFolder(directory), /damaged/);
    const short = await changed('short', () => {});
    await truncate(join(short, 'warehouse.duckdb'), 20_000);
    expectUnusable(await withFolder(short), /damaged/);
  });

  it('where another version of DuckDB wrote the file', async () => {
    const directory = await changed('other-version', (bytes) => {
      bytes.writeBigUInt64LE(9_999n, 12);
      bytes.writeBigUInt64LE(checksum(bytes), 0);
    });
    expectUnusable(await withFolder(directory), /another version of DuckDB/);
  });

  it('where another release of ours made the tables', async () => {
    const directory = await changed('other-release', () => {});
    const instance = await DuckDBInstance.create(join(directory, 'warehouse.duckdb'));
    const connection = await instance.connect();
    await connection.run('UPDATE sync.version SET version = 99');
    connection.closeSync();
    instance.closeSync();
    expectUnusable(await withFolder(directory), /of version 99, and this release has 1/);
  });

  it('where another process has it open: it is named, and waited for', async () => {
    const forked = await shop.fork();
    forked.say({ stopAt: 'opened' });
    await forked.told('reached');
    const error: unknown = await readerOf(shop.warehouseFolder)
      .status()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WarehouseBusyError);
    expect((error as Error).message).toContain(`process ${forked.pid} `);
    const waiting = shop.reader.status();
    await forked.crash();
    expect((await waiting).rows.orders).toBe(5);
  });

  it('where the account may not see open transactions', async () => {
    const app = await openWarehouse({ ...shop.config, DB_PRIMARY_URL: shop.migrateUrl });
    await expect(app.get(SyncWarehouse).execute()).rejects.toThrow(WarehousePrivilegeError);
    await app.close();
  });
});
