import { RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PageApp } from '../testing/page-app.js';

let server: RedisServerFixture;
let app: PageApp;
beforeAll(async () => void (server = await RedisServerFixture.start()));
beforeEach(async () => void (app = await PageApp.open(server.url)));
afterEach(() => app.close());
afterAll(() => server.dispose());

describe('an ETag', () => {
  it('comes with the first answer and with those from the cache, and follows the body', async () => {
    const etags = [
      await app.get('/products/1'),
      await app.get('/products/1'),
      await app.get('/products/2'),
    ].map((answer) => answer.headers.get('etag'));
    expect(etags[0]).toMatch(/^"[\da-f]{32}"$/);
    expect(etags[1]).toBe(etags[0]);
    expect(etags[2]).not.toBe(etags[0]);
  });

  it('that the caller has is answered by 304 with no body, by the handler’s run as by the cache', async () => {
    const known = (await app.get('/public')).headers.get('etag')!;
    for (const ifNoneMatch of [known, `W/${known}`, `"other", ${known}`, '*']) {
      const answer = await app.get('/public', { 'if-none-match': ifNoneMatch });
      expect([answer.status, await answer.text()]).toEqual([304, '']);
      expect(answer.headers.get('etag')).toBe(known);
    }
    expect((await app.get('/public', { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await app.get('/products/3', { 'if-none-match': '*' })).status).toBe(304);
    expect(await app.json('/products/3')).toEqual({ id: '3', n: 1 });
  });

  it('of the handler is kept, like its other headers', async () => {
    for (const answer of [await app.get('/headers'), await app.get('/headers')]) {
      const names = ['etag', 'x-static', 'x-dynamic'];
      expect(names.map((name) => answer.headers.get(name))).toEqual(['W/"mine"', 'yes', '1']);
    }
    expect((await app.get('/headers', { 'if-none-match': '"mine"' })).status).toBe(304);
  });
});
