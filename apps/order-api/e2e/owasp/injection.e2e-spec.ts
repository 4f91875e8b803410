import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Every string of every route, with statuses and bodies: `../fuzz`. Names of properties: `api3-…`.

let platform: Platform;
let userId: string;
beforeAll(async () => {
  platform = await sharedPlatform();
  userId = await platform.shop.user('O’Brien');
});
afterAll(() => platform?.stop());

const statements = [
  "' OR '1'='1",
  "' OR 1=1 -- ",
  "' UNION SELECT id, email FROM users -- ",
  '" OR ""="',
  '\\',
  "\\' OR 1=1 -- ",
  '%',
  '_',
  "'; DELETE FROM users; -- ",
  '0 OR SLEEP(5)',
  '1) OR (1=1',
  '`',
  'Zoë’ OR ’1’=’1',
];

describe('a statement in a value', () => {
  it.each(statements)('finds nothing that the value does not name: %s', async (text) => {
    const value = encodeURIComponent(text);
    for (const path of [
      `/users?namePrefix=${value}`,
      `/products?sku=${value}`,
      `/admin/dead-letters?queue=${value}`,
    ]) {
      const { status, body } = await platform.api.get(path);
      if (status === 200) expect(body.items, path).toEqual([]);
      else expect(status, path).toBe(400);
    }
    for (const path of [
      `/users/${value}`,
      `/orders/${value}`,
      `/products/${value}`,
      `/users?email=x${value}`,
    ])
      expect((await platform.api.get(path)).status, path).toBe(400);
  });

  it.each(statements)('is kept as the text that it is: %s', async (text) => {
    const headers = { 'if-match': '*' };
    const { status, body } = await platform.api.call('PATCH', `/users/${userId}`, {
      body: { name: text },
      headers,
    });
    expect([status, body['name']]).toEqual([200, text.trim()]);
    expect((await platform.api.get(`/users/${userId}`)).body['name']).toBe(text.trim());
  });

  it.each(statements)('in an If-Match, a key or a token is no version, key or token: %s', async (text) => {
    const value = Buffer.from(text).toString('latin1');
    const patch = { body: { name: 'Eve' }, headers: { 'if-match': value } };
    expect([400, 412]).toContain((await platform.api.call('PATCH', `/users/${userId}`, patch)).status);
    const read = await platform.api.call('GET', `/users/${userId}`, {
      headers: { 'x-consistency-token': value },
    });
    expect(read.status).toBe(200);
  });
});

it('nothing is gone', async () => {
  for (const table of ['orders', 'products', 'stock', 'outbox'])
    await platform.primary.query<RowDataPacket[]>(`SELECT 1 FROM ${table} LIMIT 1`);
  expect((await platform.api.get(`/users/${userId}`)).status).toBe(200);
});
