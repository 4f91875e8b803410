import { randomUUID } from 'node:crypto';
import { type ApiCaller, type OrderBody, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

let platform: Platform;
let api: ApiCaller;

beforeAll(async () => {
  platform = await sharedPlatform();
  api = platform.api;
});
afterAll(() => platform?.stop());

const search = (query: Record<string, string>) => api.get(`/users?${new URLSearchParams(query).toString()}`);
const namesWith = async (namePrefix: string) =>
  (await search({ namePrefix })).body.items.map(({ name }) => name).toSorted();

/** Every page of a list, to its end. */
async function pagesOf<T>(path: string, limit: number): Promise<T[][]> {
  const pages: T[][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { status, body, text } = await api.get<Page<T>>(`${path}limit=${limit}${after}`);
    expect(status, text).toBe(200);
    pages.push(body.items);
    cursor = body.nextCursor;
  }
  return pages;
}

async function scatterQueries(): Promise<number> {
  const text = await platform.apis[0]!.metrics();
  return Number(/^shard_queries_total\{.*scope="scatter".*\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

describe('a search by email', () => {
  it('finds the one user, however the address is spelled, without asking every shard', async () => {
    const email = `${randomUUID()}@example.com`;
    const { body: user } = await api.post('/users', { name: 'Ada', email });
    const before = await scatterQueries();
    const { body } = await search({ email: ` ${email.toUpperCase()}` });
    expect(body).toEqual({ items: [user], nextCursor: null, partial: false, unavailableShards: [] });
    expect(await scatterQueries()).toBe(before);
  });

  it('finds no user under an address that was given up or was never taken', async () => {
    const [first, second] = [`${randomUUID()}@example.com`, `${randomUUID()}@example.com`];
    const { body: user } = await api.post('/users', { name: 'Ada', email: first });
    await api.call('PATCH', `/users/${user.id}`, { body: { email: second }, headers: { 'if-match': '*' } });
    expect((await search({ email: first })).body.items).toEqual([]);
    expect((await search({ email: second })).body.items).toMatchObject([{ id: user.id, email: second }]);
    expect((await search({ email: `${randomUUID()}@example.com` })).body.items).toEqual([]);
  });
});

describe('a search by the beginning of a name', () => {
  it('goes through all shards page by page: none twice, none left out, by name and then by id', async () => {
    const ids: string[] = [];
    // Five names are those of two users each, and names have another order than ids.
    for (const name of Array.from(
      { length: 25 },
      (_, n) => `Grace ${String((n * 7) % 20).padStart(2, '0')}`,
    )) {
      ids.push(await platform.shop.user(name));
    }
    await platform.shop.user('Ada');
    const counts = await Promise.all(
      Object.values(platform.shards).map(async (shard) => {
        const [rows] = await shard.query<RowDataPacket[]>("SELECT id FROM users WHERE name LIKE 'Grace %'");
        return rows.length;
      }),
    );
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);

    for (const limit of [1, 7, 24, 25, 100]) {
      const pages = await pagesOf<{ id: string; name: string }>('/users?namePrefix=Grace%20&', limit);
      expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      const found = pages.flat().map(({ id, name }) => ({ id, name }));
      expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      // All ids have one length.
      const place = ({ id, name }: { id: string; name: string }) => `${name} ${id}`;
      expect(found.map(place)).toEqual(found.map(place).toSorted());
    }
  });

  it('takes % and _ and \\ as they are', async () => {
    for (const name of ['50% Off', '50 Cent', 'a_b', 'axb', 'back\\slash', 'backXslash', "O'Hara"]) {
      await platform.shop.user(name);
    }
    expect(await namesWith('50%')).toEqual(['50% Off']);
    expect(await namesWith('50')).toEqual(['50 Cent', '50% Off']);
    expect(await namesWith('a_')).toEqual(['a_b']);
    expect(await namesWith('back\\')).toEqual(['back\\slash']);
    expect(await namesWith("O'")).toEqual(["O'Hara"]);
    expect(await namesWith('%')).toEqual([]);
  });
});

describe('a search', () => {
  it.each([
    '',
    'email=ada@example.com&namePrefix=Ada',
    'email=nowhere',
    'email=ada@example.com&cursor=abc',
    'namePrefix=',
    'namePrefix=%20',
    'namePrefix=A&limit=0',
    'namePrefix=A&limit=101',
    'namePrefix=A&limit=abc',
    'namePrefix=A&limit=2&limit=3',
    'namePrefix=A&order=desc',
  ])('for ?%s is refused', async (query) => {
    const answer = await api.get(`/users?${query}`);
    expect([answer.status, answer.body['code']]).toEqual([400, 'validation-failed']);
  });

  it('by email has no cursor, not even one of a search by name', async () => {
    for (const name of ['Rosalind 1', 'Rosalind 2']) await platform.shop.user(name);
    const { nextCursor: cursor } = (await search({ namePrefix: 'Rosalind', limit: '1' })).body;
    const answer = await api.get(`/users?email=ada@example.com&cursor=${cursor}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'validation-failed', errors: [{ path: 'cursor' }] });
  });
});

describe('a cursor', () => {
  /** A list with more than one page, and others than which it is none. */
  async function lists(): Promise<string[]> {
    const [ada, eve] = [await platform.shop.user('Mary 1'), await platform.shop.user('Mary 2')];
    for (const name of ['Joan 1', 'Joan 2']) await platform.shop.user(name);
    const productId = await platform.shop.product(100);
    await platform.shop.product(100);
    for (const userId of [ada, ada, eve, eve])
      await platform.shop.order(userId, [{ productId, quantity: 1 }]);
    return [
      '/users?namePrefix=Mary&',
      '/users?namePrefix=Joan&',
      `/users/${ada}/orders?`,
      `/users/${eve}/orders?`,
      '/products?',
    ];
  }

  const refuses = async (path: string, cursor: string) => {
    const answer = await api.get(`${path}cursor=${encodeURIComponent(cursor)}`);
    expect([answer.status, answer.body['code']], `${path}${cursor}`).toEqual([400, 'invalid-cursor']);
  };

  it('is good for its own list, and for no other one, filter or user', async () => {
    const paths = await lists();
    for (const path of paths) {
      const found = await eventually(async () => (await api.get(`${path}limit=1`)).body.nextCursor);
      const cursor = found as string;
      expect((await api.get(`${path}cursor=${cursor}`)).status).toBe(200);
      for (const other of [...paths, '/products?sku=none&', '/admin/dead-letters?'])
        if (other !== path) await refuses(other, cursor);
    }
  });

  it('can’t be made elsewhere', async () => {
    const forged = ['-5', '0', '42', '["x","-5"]', "1' OR '1'='1"].map((text) =>
      Buffer.from(text).toString('base64url'),
    );
    const id = await platform.shop.user();
    for (const path of ['/users?namePrefix=A&', `/users/${id}/orders?`, '/products?', '/admin/dead-letters?'])
      for (const cursor of ['', 'abc', ...forged]) await refuses(path, cursor);
  });
});

describe('a user’s orders', () => {
  it('come newest first, page by page, to her and to an operator', async () => {
    const [userId, productId] = [await platform.shop.user(), await platform.shop.product(100)];
    const placed: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      placed.push((await platform.shop.order(userId, [{ productId, quantity: 1 }])).body.id);
    }
    const other = await platform.shop.user();
    await platform.shop.order(other, [{ productId, quantity: 1 }]);

    // The index follows an order at once, or a moment later when its shard was slow.
    await eventually(async () => {
      const pages = await pagesOf<OrderBody>(`/users/${userId}/orders?`, 3);
      expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(pages.flat().map(({ id }) => id)).toEqual(placed.toReversed());
    });
    const hers = api.as(await platform.customerToken(userId));
    const { body } = await hers.get(`/users/${userId}/orders`);
    expect(body.items).toHaveLength(7);
    expect(body.nextCursor).toBeNull();

    const foreign = await hers.get(`/users/${other}/orders`);
    expect([foreign.status, foreign.body['code']]).toEqual([404, 'user-not-found']);
  });

  it('are none for one who has not ordered', async () => {
    const { body } = await api.get(`/users/${await platform.shop.user()}/orders`);
    expect(body).toEqual({ items: [], nextCursor: null });
  });

  it.each(['limit=0', 'limit=101', 'limit=abc', 'status=pending'])('refuse ?%s', async (query) => {
    const answer = await api.get(`/users/${await platform.shop.user()}/orders?${query}`);
    expect([answer.status, answer.body['code']]).toEqual([400, 'validation-failed']);
  });
});
