import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startPlatform } from '@fourfold-tools/e2e';
import { freePorts } from '@fourfold-tools/stack';
import { runCommandScript } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResult } from './compare.js';

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let platform: Awaited<ReturnType<typeof startPlatform>>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourfold-load-'));
  platform = await startPlatform({ name: 'load' });
  await Promise.all([platform.shop.user('Ada'), platform.shop.user('Bea'), platform.shop.product(10_000)]);
});
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true });
});

describe('npm run load', () => {
  it('asks at the rate that it was told, and writes a result and a page', async () => {
    const { exitCode, stderr, out } = await load('reads', '--rate', '100', '--seconds', '2');
    expect(stderr).toMatch(/^\d of 2 s: \d+ calls answered, 0 errors$/m);
    expect(exitCode).toBe(0);
    const { all, routes, settled } = readResult(`${out}.json`);
    // A Poisson process of 200: five standard deviations.
    expect(Math.abs(all.calls - 200)).toBeLessThan(5 * Math.sqrt(200));
    expect(routes['GET /v1/products/:id']?.statuses).toEqual({ 200: routes['GET /v1/products/:id']?.calls });
    const orders = routes['POST /v1/orders']?.statuses['201'] ?? 0;
    expect(await acceptedOrders()).toBe(orders);
    expect(orders).toBeGreaterThan(0);
    expect(settled?.orders).toBeGreaterThan(0);
    const page = readFileSync(`${out}.html`, 'utf8');
    expect(page.match(/<polyline/g)?.length).toBeGreaterThan(3);
    expect(page).toContain('GET /v1/products/:id');
  });

  it('replays a file as fast as it was told, and compares two results', async () => {
    const csv = fromHere('../../import/fixtures/small.csv');
    const { exitCode, out } = await load('replay', '--replay', csv, '--speed', '100000');
    expect(exitCode).toBe(0);
    expect(readResult(`${out}.json`).routes).toMatchObject({
      'POST /v1/orders': { calls: 5, statuses: { 201: 5 } },
    });
    const compared = await run('--compare', join(folder, 'reads.json'), `${out}.json`);
    expect(compared.stdout).toMatch(/^POST \/v1\/orders .* → .*\d\.\d\d$/m);
  });

  it('says that the platform is not there', async () => {
    const [port] = await freePorts(1);
    const { exitCode, stderr } = await load('nowhere', '--url', `http://127.0.0.1:${port}`, '--seconds', '1');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('ECONNREFUSED');
  });

  it('refuses a host of others, and sends nothing', async () => {
    const { exitCode, stderr } = await run('--url', 'http://shop.example');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--i-own-this-host');
  });
});

async function load(name: string, ...argv: string[]) {
  const out = join(folder, name);
  const target = ['--url', platform.baseUrl, '--token', await platform.operatorToken()];
  return { ...(await run('--out', out, ...target, ...argv)), out };
}

async function run(...argv: string[]) {
  const child = spawn(process.execPath, [runCommandScript, fromHere('./main.ts'), ...argv]);
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = (await ended) as [number | null];
  return { exitCode, stdout, stderr };
}

async function acceptedOrders(): Promise<number> {
  const [rows] = await platform.primary.query<never>('SELECT COUNT(*) AS orders FROM orders');
  return Number((rows as unknown as { orders: string }[])[0]?.orders);
}
