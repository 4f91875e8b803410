import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PageApp } from '../testing/page-app.js';
import { handlers } from '../testing/page.controller.js';

let server: RedisServerFixture;
let app: PageApp;
beforeAll(async () => void (server = await RedisServerFixture.start()));
beforeEach(async () => void (app = await PageApp.open(server.url)));
afterEach(() => app.close());
afterAll(() => server.dispose());

describe('what is not cached', () => {
  it('an error', async () => {
    for (const n of ['1', '2']) {
      const answer = await app.get('/fails');
      expect([answer.status, await answer.json()]).toMatchObject([404, { message: n }]);
      expect(answer.headers.get('etag')).toBeNull();
    }
  });

  it('a status other than 200', async () => {
    for (const n of [1, 2]) expect(await app.json('/accepted')).toEqual({ n });
  });

  it.each(['file', 'stream', 'buffer'])('a %s, which arrives whole each time', async (kind) => {
    for (const n of [1, 2]) expect(await (await app.get(`/${kind}`)).text()).toBe(`${kind} ${n}`);
  });

  it('what the handler sent itself', async () => {
    for (const n of [1, 2]) expect(await app.json('/sent')).toEqual({ n });
  });

  it('an instance of a class, which an interceptor further out has still to strip', async () => {
    for (const n of [1, 2]) expect(await app.json('/account')).toEqual({ name: `ada ${n}` });
  });

  it('a redirect', async () => {
    for (const n of [1, 2]) {
      const answer = await app.get('/moved', { 'if-none-match': '*' });
      expect([answer.status, answer.headers.get('location')]).toEqual([302, `/elsewhere/${n}`]);
    }
  });

  it('a cookie: who waited for such an answer runs its own handler', async () => {
    handlers.hold = gate();
    const answers = Promise.all([app.get('/cookie'), app.get('/cookie'), app.get('/cookie')]);
    await eventually(() => app.waiting === 2);
    expect(handlers.runs['cookie']).toBe(1);
    handlers.hold.open();
    const cookies = (await answers).map(({ headers }) => headers.get('set-cookie'));
    expect(cookies.sort()).toEqual(['session=1', 'session=2', 'session=3']);
  });
});
