import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PageApp } from '../testing/page-app.js';
import { handlers } from '../testing/page.controller.js';
import { routeId } from './route-id.js';

let server: RedisServerFixture;
let app: PageApp;
beforeAll(async () => void (server = await RedisServerFixture.start()));
beforeEach(async () => void (app = await PageApp.open(server.url)));
afterEach(() => app.close());
afterAll(() => server.dispose());

describe('a cached route', () => {
  it('answers from the cache what the handler has answered once', async () => {
    const [first, second] = [await app.get('/products/1'), await app.get('/products/1')];
    expect(await first.json()).toEqual({ id: '1', n: 1 });
    expect(await second.json()).toEqual({ id: '1', n: 1 });
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(await app.json('/products/2')).toEqual({ id: '2', n: 2 });
    expect(await app.json('/products/1?a=1')).toEqual({ id: '1', n: 3 });
    expect(await app.json('/products/1?a=2')).toEqual({ id: '1', n: 4 });
  });

  it('runs its handler once for concurrent requests, and answers the first when it has run', async () => {
    handlers.hold = gate();
    const answers = Promise.all([app.json('/products/1'), app.json('/products/1'), app.json('/products/1')]);
    await eventually(() => handlers.runs['product'] === 1);
    await eventually(() => app.waiting === 2);
    handlers.hold.open();
    expect(await answers).toEqual([1, 1, 1].map((n) => ({ id: '1', n })));
  });

  it('gives the answer without waiting for it to be stored', async () => {
    handlers.hold = gate();
    const answer = app.json('/products/1');
    await eventually(() => handlers.runs['product'] === 1);
    server.freeze();
    handlers.hold.open();
    expect(await answer).toEqual({ id: '1', n: 1 });
    server.thaw();
    expect(await app.json('/products/1')).toEqual({ id: '1', n: 1 });
  });

  it('runs its handler anew after an invalidate by namespace, by path or by its own id', async () => {
    const cache = app.cache;
    await app.json('/products/1');
    await cache.invalidateNamespace('page');
    expect(await app.json('/products/1')).toEqual({ id: '1', n: 2 });
    await cache.invalidate('page', '/products/1');
    expect(await app.json('/products/1')).toEqual({ id: '1', n: 3 });

    expect(await app.json('/by-id/7?x=1')).toEqual({ id: '7', n: 1 });
    expect(await app.json('/by-id/7?x=2')).toEqual({ id: '7', n: 1 });
    await cache.invalidate('by-id', '7');
    expect(await app.json('/by-id/7')).toEqual({ id: '7', n: 2 });
  });

  it('caches GET only', async () => {
    for (const n of [1, 2]) expect(await (await app.get('/products/1', {}, 'POST')).json()).toEqual({ n });
    await app.get('/products/1', {}, 'HEAD');
    await app.get('/products/1', {}, 'HEAD');
    expect(handlers.runs['product']).toBe(2);
    expect(await app.json('/products/1')).toEqual({ id: '1', n: 3 });
  });

  it('needs @CachedRoute', async () => {
    expect([await app.json('/plain'), await app.json('/plain')]).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe('an answer for one caller', () => {
  it.each([{ authorization: 'Bearer ada' }, { cookie: 'session=ada' }])(
    'is not cached for a request with %o, and not taken from the cache',
    async (headers) => {
      await app.json('/products/1');
      expect(await app.json('/products/1', headers)).toEqual({ id: '1', n: 2 });
      expect(await app.json('/products/1', headers)).toEqual({ id: '1', n: 3 });
      expect(await app.json('/products/1')).toEqual({ id: '1', n: 1 });
    },
  );

  it('is cached for that caller where the route says what it varies by', async () => {
    const [ada, bob] = [{ authorization: 'ada' }, { authorization: 'bob' }];
    expect(await app.json('/me', ada)).toEqual({ who: 'ada', n: 1 });
    expect(await app.json('/me', bob)).toEqual({ who: 'bob', n: 2 });
    expect(await app.json('/me', ada)).toEqual({ who: 'ada', n: 1 });
    await app.cache.invalidate('page', routeId('/me', 'ada'));
    expect(await app.json('/me', ada)).toEqual({ who: 'ada', n: 3 });
    expect(await app.json('/me', bob)).toEqual({ who: 'bob', n: 2 });
  });

  it('is the same for all where the route says that it is shared', async () => {
    expect(await app.json('/public', { authorization: 'ada' })).toEqual({ n: 1 });
    expect(await app.json('/public', { cookie: 'session=bob' })).toEqual({ n: 1 });
  });
});
