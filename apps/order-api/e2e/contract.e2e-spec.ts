import { randomUUID } from 'node:crypto';
import { type ApiCaller, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { signToken } from '@fourfold-tools/token';
import { topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;
let another: ApiCaller;
let user: string;

beforeAll(async () => {
  platform = await sharedPlatform();
  const { shop, api } = platform;
  another = api.as(await signToken(topology().stateDir, { role: 'operator', sub: 'another' }));
  user = await shop.user('Paged');
  await shop.user('Paged');
  const product = await shop.product(10);
  await shop.product(10);
  for (const _nth of [1, 2]) await shop.order(user, [{ productId: product, quantity: 1 }]);
  for (const _nth of [1, 2])
    await platform.primary.query(
      `INSERT INTO dead_letters (queue, job_id, msg_id, reason, payload, error, errors, attempts, stalls, failed_at, status, auto_redrive_at)
       VALUES ('contract', ?, ?, 'attempts', '{}', '', '[]', 4, 0, NOW(3), 'open', NULL)`,
      [randomUUID(), randomUUID()],
    );
});
afterAll(() => platform?.stop());

const refusal = async (caller: ApiCaller, path: string) => {
  const { status, body } = await caller.get(path);
  return [status, body['code']];
};
const INVALID = [400, 'invalid-cursor'];

describe('a cursor', () => {
  const lists: [string, () => string, string][] = [
    ['products', () => '/products', ''],
    ['users', () => '/users?namePrefix=Paged', '/users?namePrefix=Pag'],
    ['the orders of a user', () => `/users/${user}/orders`, ''],
    ['dead letters', () => '/admin/dead-letters?queue=contract', '/admin/dead-letters'],
    ['the audit log', () => '/admin/audit?action=POST%20/v1/users', '/admin/audit'],
  ];
  const withLimit = (path: string) => `${path}${path.includes('?') ? '&' : '?'}limit=1`;

  async function cursorOf(path: string): Promise<string> {
    const { body, text } = await platform.api.get<{ nextCursor: string | null }>(withLimit(path));
    expect(body.nextCursor, text).toEqual(expect.stringMatching(/^[\w-]+$/));
    return body.nextCursor!;
  }

  it.each(lists)(
    'of %s is good for its own list, and refused altered, elsewhere and with another filter',
    async (_list, path, otherFilter) => {
      const cursor = await cursorOf(path());
      const at = (where: string, what: string) => `${withLimit(where)}&cursor=${what}`;
      expect((await platform.api.get(at(path(), cursor))).status).toBe(200);
      const altered = (cursor.startsWith('A') ? 'B' : 'A') + cursor.slice(1);
      for (const wrong of [altered, `${cursor}A`, 'x', btoa('0')])
        expect(await refusal(platform.api, at(path(), wrong)), wrong).toEqual(INVALID);
      for (const [, other] of lists) {
        if (other() !== path())
          expect(await refusal(platform.api, at(other(), cursor)), other()).toEqual(INVALID);
      }
      if (otherFilter !== '') expect(await refusal(platform.api, at(otherFilter, cursor))).toEqual(INVALID);
    },
  );

  it.each([
    '/users?namePrefix=Paged',
    '/admin/dead-letters?queue=contract',
    '/admin/audit?action=POST%20/v1/users',
  ])('of %s is the operator’s who got it', async (path) => {
    expect(await refusal(another, `${withLimit(path)}&cursor=${await cursorOf(path)}`)).toEqual(INVALID);
  });

  it('of products is good for every caller: the answer is the same, and cached, for all', async () => {
    const path = `${withLimit('/products')}&cursor=${await cursorOf('/products')}`;
    const [own, others] = [await platform.api.get(path), await another.get(path)];
    expect([others.status, others.text, others.headers.get('etag')]).toEqual([
      200,
      own.text,
      own.headers.get('etag'),
    ]);
  });
});

describe('every single read and list outside /v1/admin', () => {
  it('says that it has an ETag, and answers 304', async () => {
    const document = (await (await fetch(`${platform.baseUrl}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, { headers?: object }> }>>;
    };
    const reads = Object.entries(document.paths).filter(
      ([path, { get }]) => get && !path.startsWith('/v1/admin'),
    );
    expect(reads.length).toBeGreaterThan(7);
    for (const [path, { get }] of reads) {
      expect(Object.keys(get!.responses), path).toContain('304');
      expect(Object.keys(get!.responses['200']!.headers ?? {}), path).toContain('ETag');
    }
  });

  it('does so for a report', async () => {
    const asked = await platform.api.post(
      '/reports',
      { type: 'sales', format: 'pdf', from: '2026-01-01', to: '2026-01-02', email: 'ops@example.com' },
      { 'idempotency-key': randomUUID() },
    );
    expect(asked.status, asked.text).toBe(202);
    const path = `/reports/${asked.body.id}`;
    const etag = (await platform.api.get(path)).headers.get('etag')!;
    const again = await platform.api.call('GET', path, { headers: { 'if-none-match': etag } });
    expect([again.status, again.text]).toEqual([304, '']);
  });
});

describe('an id beyond 2^53', () => {
  const ids = ['9007199254740993', '9223372036854775807'];
  const reads = ['/orders/', '/users/', '/products/', '/reports/', '/admin/dead-letters/'];
  it.each(reads.flatMap((path) => ids.map((id) => [path, id])))(
    'keeps its digits: %s%s',
    async (path, id) => {
      const { status, body } = await platform.api.get(`${path}${id}`);
      expect([status, body['detail']]).toEqual([404, expect.stringContaining(id)]);
    },
  );

  it('keeps them through the database: made, read and ordered by it', async () => {
    expect(BigInt(user)).toBeGreaterThan(2n ** 53n);
    expect((await platform.api.get(`/users/${user}`)).body['id']).toBe(user);
    expect((await platform.api.get(`/users/${user}/orders`)).body.items[0]!.userId).toBe(user);
  });
});
