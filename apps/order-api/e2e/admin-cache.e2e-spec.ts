import { type ApiCaller, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Two processes: what one is told, the other must follow. */
let platform: Platform;
let api: ApiCaller;
let other: ApiCaller;

beforeAll(async () => {
  platform = await startPlatform({ name: 'admin-cache', apis: 2 });
  [api, other] = [platform.api, platform.apiAt(1)];
});
afterAll(() => platform?.stop());

const cacheOf = async (caller: ApiCaller) => (await caller.get('/admin/cache')).body;
const remove = (path: string, caller = api) => caller.call('DELETE', `/admin/cache/${path}`);

/** Waits for the warm-up that is running, if one is. */
const warmed = (caller: ApiCaller) =>
  eventually(async () => {
    const { running, last } = (await cacheOf(caller)).warmUp;
    return !running && last !== null && last;
  });

const nameAt = async (caller: ApiCaller, id: string): Promise<string> =>
  (await caller.get(`/products/${id}`)).body.name;

/** Past the application, as a repair by hand would be. */
const renameByHand = (id: string, name: string) =>
  platform.primary.query('UPDATE products SET name = ? WHERE id = ?', [name, id]);

describe('the routes under /v1/admin/cache', () => {
  it.each([
    ['GET', ''],
    ['POST', '/warm'],
    ['DELETE', '/product/1'],
    ['DELETE', '/product'],
  ])('%s …%s is for operators', async (method, path) => {
    const customer = api.as(await platform.customerToken('1'));
    const call = (token?: null) =>
      customer.call(method, `/admin/cache${path}`, token === null ? { token } : {});
    expect(await call()).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await call(null)).toMatchObject({ status: 401, body: { code: 'token-missing' } });
  });
});

describe('GET /v1/admin/cache', () => {
  it('counts what this process has been asked, by namespace and level', async () => {
    const id = await platform.shop.product(5);
    await warmed(api);
    const before = (await cacheOf(api)).namespaces['product']!;
    for (let read = 0; read < 4; read += 1) await api.get(`/products/${id}`);
    const after = (await cacheOf(api)).namespaces['product']!;
    const grown = (field: keyof typeof after) => Number(after[field]) - Number(before[field]);
    expect((['l1Misses', 'l2Misses', 'loads', 'l1Hits'] as const).map(grown)).toEqual([1, 1, 1, 3]);
    const asked = after.l1Hits + after.l1Misses;
    expect(after.l1HitRatio).toBeCloseTo(after.l1Hits / asked, 10);
    // What L1 does not have is asked of L2, or joins a load under way.
    expect(after.l2Hits + after.l2Misses + after.joins).toBe(after.l1Misses);
    expect(after.hitRatio).toBeCloseTo(1 - after.l2Misses / asked, 10);
  });

  it('says how full both levels are, and how they are', async () => {
    const { namespaces, l1, l2 } = await cacheOf(api);
    expect(Object.keys(namespaces).sort()).toEqual([
      'basket-neighbours',
      'best-sellers',
      'order',
      'product',
      'product-ids',
      'product-list',
      'product-neighbours',
      'shard-plan',
      'stock',
      'user',
      'user-orders',
    ]);
    expect(l1).toMatchObject({ maxBytes: 10 * 1024 * 1024, evictions: 0, state: 'serving' });
    expect(l1.entries).toBeGreaterThan(0);
    expect(l1.bytes).toBeGreaterThan(l1.entries * 100);
    expect(l2).toMatchObject({ state: 'trusted', pendingInvalidations: 0, memory: { evictedKeys: 0 } });
    expect(l2.memory!.keys).toBeGreaterThan(0);
    expect(l2.memory!.usedBytes).toBeLessThan(l2.memory!.maxBytes);
  });
});

describe('a warm-up', () => {
  it('asked for by an operator starts at once, is not waited for, and is reported', async () => {
    await warmed(api);
    const [userId, productId] = [await platform.shop.user(), await platform.shop.product(5)];
    await platform.shop.order(userId, [{ productId, quantity: 1 }]);
    // The best sellers are read on a replica.
    await eventually(async () => {
      for (const namespace of ['best-sellers', 'product', 'stock', 'user'])
        expect((await remove(namespace)).status).toBe(200);
      const answer = await api.post('/admin/cache/warm');
      expect([answer.status, answer.body]).toEqual([
        202,
        { status: expect.stringMatching(/started|running/) },
      ]);
      const { sources } = await warmed(api);
      expect(sources).toMatchObject({
        products: { outcome: 'complete', loaded: 2, failed: 0 },
        'recent-users': { outcome: 'complete', loaded: 1, failed: 0 },
      });
    });
  });

  it('at the start: a new process’s first read of a best seller is a hit', async () => {
    const [userId, productId] = [await platform.shop.user(), await platform.shop.product(50)];
    for (let n = 0; n < 3; n += 1) {
      const { body } = await platform.shop.order(userId, [{ productId, quantity: 1 }]);
      await platform.shop.settled(body.id);
    }
    const restartedWarm = async (): Promise<void> => {
      await platform.apis[1]!.stop();
      for (const namespace of ['best-sellers', 'product', 'stock', 'user']) await remove(namespace);
      await platform.apis[1]!.start();
      const { products } = (await warmed(other)).sources;
      // Which they are is read on a replica.
      expect(products!.loaded).toBeGreaterThanOrEqual(4);
    };
    await eventually(restartedWarm, { deadlineMs: 60_000 });
    expect((await cacheOf(other)).namespaces['product']!['hitRatio']).toBeNull();
    expect((await other.get(`/products/${productId}`)).body).toMatchObject({ id: productId, stock: 47 });
    expect((await other.get(`/users/${userId}`)).status).toBe(200);
    const { namespaces } = await cacheOf(other);
    for (const name of ['product', 'stock', 'user']) {
      expect(namespaces[name], name).toMatchObject({ l1Hits: 1, l1Misses: 0, l2Misses: 0, hitRatio: 1 });
    }
    const metrics = await platform.apis[1]!.metrics();
    expect(metrics).toMatch(/cache_warmed_keys_total\{source="products",outcome="loaded".*\} [1-9]/);
  });
});

describe('DELETE /v1/admin/cache', () => {
  it('/:namespace/:id makes every process read anew, and of nothing else', async () => {
    const [id, untouched] = [await platform.shop.product(5), await platform.shop.product(5)];
    const callers = [api, other];
    const oldNames = await Promise.all(
      callers.flatMap((caller) => [nameAt(caller, id), nameAt(caller, untouched)]),
    );
    for (const each of [id, untouched]) await renameByHand(each, 'Renamed by hand');
    // Both have it in their cache: this is what the call is for.
    for (const caller of callers) expect(await nameAt(caller, id)).toBe(oldNames[0]);

    const answer = await remove(`product/${id}`);
    expect(answer).toMatchObject({ status: 200, body: { deferred: false } });
    expect(answer.headers.has('x-consistency-token')).toBe(true);
    expect(await nameAt(api, id)).toBe('Renamed by hand');
    await eventually(async () => (await nameAt(other, id)) === 'Renamed by hand');
    for (const caller of callers) expect(await nameAt(caller, untouched)).toBe(oldNames[1]);
  });

  it('/:namespace makes every process read anew what is in it', async () => {
    const ids = [await platform.shop.product(5), await platform.shop.product(5)];
    const callers = [api, other];
    for (const caller of callers) for (const id of ids) await nameAt(caller, id);
    for (const id of ids) await renameByHand(id, 'All are renamed');
    const listed = async (caller: ApiCaller) =>
      (await caller.get('/products?limit=100')).text.match(/All are renamed/g);
    expect(await listed(api)).toBeNull();
    expect(await remove('product', other)).toMatchObject({ status: 200, body: { deferred: false } });
    for (const caller of callers) {
      for (const id of ids) await eventually(async () => (await nameAt(caller, id)) === 'All are renamed');
      // And the answers that were made of it.
      await eventually(async () => expect(await listed(caller)).toHaveLength(2));
    }
  });

  it.each(['7', 'a/b', 'a b', '100%', '?x=1#y', 'Zoë’s “gift”', '😀', 'x'.repeat(200)])(
    'takes %j for an id, whether it is cached or not',
    async (id) => {
      expect(await remove(`product/${encodeURIComponent(id)}`)).toMatchObject({
        status: 200,
        body: { deferred: false },
      });
    },
  );

  it.each(['nothing', 'Product', 'constructor', '__proto__', 'a/b', 'ü'])(
    'answers 404 for the namespace %j',
    async (name) => {
      for (const path of [encodeURIComponent(name), `${encodeURIComponent(name)}/1`]) {
        const { status, body } = await remove(path);
        expect([status, body.code], path).toEqual([404, 'cache-namespace-not-found']);
      }
    },
  );

  it.each([
    ['an id of 201 characters', `product/${'x'.repeat(201)}`, 400, 'bad-request'],
    ['no id', 'product/', 404, 'not-found'],
    ['what can’t be decoded', 'product/1%ff', 400, 'bad-request'],
    ['half a path more', 'product/1/2', 404, 'not-found'],
  ])('refuses %s', async (_what, path, status, code) => {
    const answer = await remove(path);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});
