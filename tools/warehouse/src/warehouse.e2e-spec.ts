import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually, runCommandScript } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WarehousedShop } from './testing/warehoused.shop.js';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

let shop: WarehousedShop;
beforeAll(async () => {
  shop = await WarehousedShop.start({ replicas: true });
  await shop.place(20);
});
afterAll(() => shop?.stop());

interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const run = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, ...shop.env, ...env } };
    const child = execFile(
      process.execPath,
      [runCommandScript, main, ...argv],
      options,
      (_error, stdout, stderr) => resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
  });

describe('npm run warehouse', () => {
  it('syncs, says what it has written, and how far it is', async () => {
    expect((await run(['status'])).stderr).toMatch(/run a sync first/);
    // What others have open on the same servers may hold a sync back for a moment.
    const status = await eventually(async () => {
      const { exitCode, stdout, stderr } = await run(['sync']);
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toMatch(/^\d+ orders with \d+ items and \d+ users; \d+ files written, in /);
      const told = await run(['status']);
      expect(told.stdout).toContain('20 orders with 40 items and 6 users; 0 files to write');
      return told;
    });
    expect(status.exitCode).toBe(0);
    expect(status.stdout).toMatch(/users:shard-3 +\d{4}-\d\d-\d\d/);
  });

  it('answers a query as a table and as JSON', async () => {
    const sql = 'SELECT status, COUNT(*) AS n FROM orders GROUP BY ALL';
    expect((await run(['query', sql])).stdout).toBe('status    n\n-------  --\npending  20\n(1 row)\n');
    expect(JSON.parse((await run(['query', sql, '--json'])).stdout)).toEqual([
      { status: 'pending', n: '20' },
    ]);
  });

  it('refuses a write and wrong usage by exit code 2, and prints its help', async () => {
    const write = await run(['query', 'DELETE FROM orders']);
    expect(write).toMatchObject({ exitCode: 2, stdout: '' });
    expect(write.stderr).toMatch(/read-only for queries.*warehouse-query-refused/);
    expect(await run(['vacuum'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect((await run(['sync'], { WAREHOUSE_DIR: 'relative' })).stderr).toMatch(
      /WAREHOUSE_DIR.*absolute path/s,
    );
    const help = await run(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: npm run warehouse/);
  });
});
