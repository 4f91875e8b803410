import { request } from 'node:http';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiDocument, operations } from '../fuzz/api.document.js';

// That each route is described, and nothing else: order-api does not start otherwise (`src/openapi/open-api.page.ts`), and
// `../open-api.e2e-spec.ts` has the list. What is on which port: `../ports.e2e-spec.ts`.

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
});
afterAll(() => platform?.stop());

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

it('what is served is what the kept document says', async () => {
  expect(await (await fetch(`${platform.baseUrl}/openapi.json`)).json()).toEqual(apiDocument);
});

describe('an operator finds nothing', () => {
  it('by a method that a path does not have', async () => {
    /** `DELETE /v1/admin/cache/warm` is one of `{namespace}`. */
    const matches = (method: string, path: string) =>
      operations.some(
        (one) => one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
      );
    for (const path of Object.keys(apiDocument.paths))
      for (const method of METHODS.filter((one) => !matches(one, path))) {
        const url = path.replace('/v1', '').replace(/\{\w+\}/g, '1');
        const { status, body } = await platform.api.call(method, url);
        expect([status, body?.['code']], `${method} ${path}`).toEqual([404, 'not-found']);
      }
  });

  it.each([
    '/v0/products',
    '/v2/products',
    '/V1/products',
    '/v1/Products',
    '/api/v1/products',
    '/v1/products/',
    '//v1/products',
    '/v1//products',
    '/v1/./products',
    '/v1/products.json',
    '/v1/products;x=1',
    '/v1/admin',
    '/v1/admin/audit.log',
    '/v1/internal/health',
    '/metrics',
    '/health',
    '/admin/queues',
    '/graphql',
    '/actuator/env',
    '/.env',
    '/.git/config',
    '/debug/pprof',
    '/swagger.json',
    '/docs/../package.json',
  ])('at %s', async (path) => {
    const { hostname, port } = new URL(platform.baseUrl);
    const token = await platform.operatorToken();
    const status = await new Promise((resolve, reject) => {
      // `fetch` would tidy the path up.
      request({ hostname, port, path, headers: { authorization: `Bearer ${token}` } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });
});
