import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createFourfoldClient, type FourfoldClient } from '@fourfold/client';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { guideModules } from './guide.js';

const folder = new URL('../dist/guide/', import.meta.url);
const modules = guideModules();

let platform: Platform;
let client: FourfoldClient;
let userId: string;
let productId: string;
let server: Server | undefined;

beforeAll(async () => {
  platform = await sharedPlatform();
  client = createFourfoldClient({ baseUrl: platform.baseUrl, token: platform.operatorToken });
  [userId, productId] = [await platform.shop.user(), await platform.shop.product(100)];
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  server?.close();
});
afterAll(() => platform?.stop());

/** Runs the code of a section as it stands in the page. @returns what it exports */
async function section<T>(title: string): Promise<T> {
  const code = modules.get(title);
  if (code === undefined) throw new Error(`docs/api-guide.md has no code in a section "${title}"`);
  await mkdir(folder, { recursive: true });
  const file = new URL(`${title.replaceAll(/\W+/g, '-')}.mjs`, folder);
  await writeFile(file, stripTypeScriptTypes(code));
  return (await import(/* @vite-ignore */ file.href)) as T;
}

const tested: string[] = [];
const guide = (title: string, test: () => Promise<void>) => {
  tested.push(title);
  it(title, test);
};

guide('A first program', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.stubEnv('FOURFOLD_URL', platform.baseUrl);
  vi.stubEnv('FOURFOLD_TOKEN', await platform.customerToken(userId));
  vi.stubEnv('FOURFOLD_USER', userId);
  vi.stubEnv('FOURFOLD_PRODUCT', productId);
  await section('A first program');
  expect(said.mock.calls.flat()).toEqual([
    expect.stringMatching(/^Order \d+ of 900 pence is (pending|confirmed)$/),
  ]);
});

interface Placing {
  placeOrder(
    client: FourfoldClient,
    basket: object,
  ): Promise<{ order: { id: string }; wasPlacedBefore: boolean }>;
}
const basketOf = (quantity: number, key: string = randomUUID()) => ({
  ...{ key, userId, shippingAddress: '1 Example Street, Leeds' },
  items: [{ productId, quantity }],
});

guide('Place an order safely', async () => {
  const { placeOrder } = await section<Placing>('Place an order safely');
  const basket = basketOf(1);
  const first = await placeOrder(client, basket);
  expect(await placeOrder(client, basket)).toEqual({ order: first.order, wasPlacedBefore: true });
  expect(first.wasPlacedBefore).toBe(false);
  await expect(placeOrder(client, basketOf(2, basket.key))).rejects.toThrow(/^idempotency-key-reused: /);
});

guide('Page through a list', async () => {
  const { allProducts } = await section<{
    allProducts(client: FourfoldClient, limit: number): AsyncIterable<{ id: string }>;
  }>('Page through a list');
  const made = [productId];
  for (const stock of [1, 2, 3]) made.push(await platform.shop.product(stock));
  // A page may be of the cache for a moment.
  await eventually(async () => {
    const ids: string[] = [];
    for await (const { id } of allProducts(client, 2)) ids.push(id);
    expect(ids.filter((id) => made.includes(id))).toEqual(made);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

guide('React to 409, 429 and 503', async () => {
  const { patientFetch } = await section<{ patientFetch(request: Request): Promise<Response> }>(
    'React to 409, 429 and 503',
  );
  const answers: [status: number, code: string][] = [
    [503, 'overloaded'],
    [409, 'idempotency-in-progress'],
    [429, 'too-many-requests'],
    [409, 'insufficient-stock'],
  ];
  const keys: unknown[] = [];
  server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key']);
    const [status, code] = answers.shift()!;
    response.writeHead(status, { 'content-type': 'application/problem+json', 'retry-after': '0' });
    response.end(JSON.stringify({ code }));
  });
  await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const patient = createFourfoldClient({ baseUrl, token: 'token', fetch: patientFetch });
  const { key, ...body } = basketOf(1);
  const { error } = await patient.POST('/v1/orders', {
    params: { header: { 'Idempotency-Key': key } },
    body,
  });
  expect(error?.code).toBe('insufficient-stock');
  expect(keys).toEqual([key, key, key, key]);
});

guide('Read your writes', async () => {
  const { rename } = await section<{
    rename(client: FourfoldClient, id: string, name: string): Promise<{ name: string }>;
  }>('Read your writes');
  for (const name of ['Ada King', 'Ada Byron'])
    expect(await rename(client, userId, name)).toMatchObject({ name });
});

it('each section that has code is run', () => {
  expect(tested).toEqual([...modules.keys()]);
});
