import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { forged } from './forged.tokens.js';

let platform: Platform;
/** A call of it was asked for by a request. */
let canary: Server;
let canaryUrl: string;
let calls: string[];

beforeAll(async () => {
  platform = await sharedPlatform();
  calls = [];
  canary = createServer((request, response) => {
    calls.push(request.url ?? '');
    response.end('{"keys":[]}');
  }).listen(0, '127.0.0.1');
  await once(canary, 'listening');
  canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
});
afterAll(async () => {
  canary?.close();
  await platform?.stop();
});

it('no address that a request brings is called, wherever it stands', async () => {
  const { api } = platform;
  const key = () => ({ 'idempotency-key': randomUUID() });
  const report = { type: 'sales', format: 'pdf', from: '2026-11-01', to: '2026-11-02' };
  await Promise.all([
    api.post('/users', { name: `${canaryUrl}/name`, email: `${canaryUrl}/email` }),
    api.post('/users', { name: 'Eve', email: `eve@${new URL(canaryUrl).host}` }),
    api.post('/products', {
      sku: `${canaryUrl}/sku`,
      name: canaryUrl,
      price: { amount: 1, currency: 'GBP' },
      stock: 1,
    }),
    api.post('/reports', { ...report, email: `${canaryUrl}/report` }, key()),
    api.post('/reports', { ...report, email: 'a@example.com', callback: `${canaryUrl}/callback` }, key()),
    api.post('/admin/shards/plan', { kind: 'add', shard: canaryUrl }),
    api.post('/admin/migrations', { kind: 'add', shard: 'shard-8', url: canaryUrl }),
    api.post('/admin/migrations', { kind: 'add', shard: 'shard-8', url: { file: canaryUrl } }),
    api.get(`/users?email=${encodeURIComponent(`${canaryUrl}/search`)}`),
    api.get(`/products?cursor=${encodeURIComponent(canaryUrl)}`),
    api.call(
      'DELETE',
      `/admin/cache/product/${encodeURIComponent(canaryUrl.replace('127.0.0.1', 'localhost'))}`,
    ),
  ]);
  const names = [
    'referer',
    'origin',
    'forwarded',
    'x-forwarded-host',
    'x-forwarded-for',
    'x-original-url',
    'x-callback-url',
  ];
  const headers = Object.fromEntries(names.map((name) => [name, `${canaryUrl}/${name}`]));
  await api.call('GET', '/products', { headers });
  for (const header of [
    { jku: `${canaryUrl}/jku` },
    { x5u: `${canaryUrl}/x5u` },
    { kid: `${canaryUrl}/kid` },
  ])
    await api.call('GET', '/products', { token: await forged({ header }) });
  expect(calls).toEqual([]);
});

it('links that are answered lead here, and not where the request says', async () => {
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    forwarded: 'host=evil.example',
  };
  const body = { sku: randomUUID(), name: 'Lamp', price: { amount: 1, currency: 'GBP' }, stock: 1 };
  const made = await platform.api.call('POST', '/products', { body, headers });
  expect(made.headers.get('location')).toMatch(/^\/v1\/products\/\d+$/);
  expect(made.text).not.toContain('evil.example');
});
