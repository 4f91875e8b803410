import { describe, expect, it } from 'vitest';
import { loadDemo } from './demo.js';
import { demoProducts } from './demo.catalogue.js';
import { demoUsers } from './demo.users.js';
import { startScriptedApi } from './scripted-api.testing.js';

const distinct = <T>(values: readonly T[]) => new Set(values).size;

describe('the demo catalogue', () => {
  it('has forty products, each with its own sku and name', () => {
    expect(demoProducts.map(({ sku }) => sku)).toEqual(
      Array.from({ length: 40 }, (_, at) => `DEMO-${String(at + 1).padStart(3, '0')}`),
    );
    expect(distinct(demoProducts.map(({ name }) => name))).toBe(40);
  });

  it.each(demoProducts)(
    '$sku has a name, a price of a gift shop, and stock',
    ({ name, pricePence, stock }) => {
      expect(name.trim()).toBe(name);
      expect(name.length).toBeGreaterThan(5);
      expect(Number.isInteger(pricePence)).toBe(true);
      expect(pricePence).toBeGreaterThanOrEqual(100);
      expect(pricePence).toBeLessThanOrEqual(5_000);
      expect(stock).toBe(1_000);
    },
  );
});

describe('the demo users', () => {
  it('are twenty, each with an address of their own that no mail can leave the machine for', () => {
    expect(distinct(demoUsers.map(({ email }) => email))).toBe(20);
    expect(demoUsers[0]).toEqual({ name: 'Ada Lovelace', email: 'ada@demo.fourfold.example' });
    for (const { email } of demoUsers) expect(email).toMatch(/^[a-z]+@demo\.fourfold\.example$/);
  });
});

describe('loading the demo', () => {
  /** Just enough of the API: unique skus and emails, and lookups by them. */
  async function startUniqueApi() {
    const byKey = new Map<string, Record<string, unknown>>();
    return startScriptedApi(({ call, body }) => {
      const [method, path = ''] = call.split(' ');
      if (method === 'GET') {
        const found = byKey.get(decodeURIComponent(path.split('=')[1] ?? ''));
        return { status: 200, body: { items: found === undefined ? [] : [found], nextCursor: null } };
      }
      const draft = body as Record<string, unknown>;
      const key = String(draft['sku'] ?? draft['email']);
      if (byKey.has(key)) {
        const code = path === '/v1/products' ? 'sku-taken' : 'email-taken';
        return { status: 409, body: { code, detail: key } };
      }
      byKey.set(key, { ...draft, id: String(byKey.size + 1) });
      return { status: 201, body: byKey.get(key) };
    });
  }

  it('twice makes nothing twice, and gives the same ids in the same order', async () => {
    await using api = await startUniqueApi();
    const lines: string[] = [];
    const load = () => loadDemo({ baseUrl: api.baseUrl, token: 't', report: (line) => lines.push(line) });
    const first = await load();
    expect(await load()).toEqual(first);
    expect(distinct(first.productIds)).toBe(40);
    expect(distinct(first.userIds)).toBe(20);
    expect(lines).toEqual([
      '40 demo products, 40 of them new',
      '20 demo users, 20 of them new',
      '40 demo products, 0 of them new',
      '20 demo users, 0 of them new',
    ]);
  });
});
