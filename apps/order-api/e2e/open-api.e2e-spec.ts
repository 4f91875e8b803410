import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
});
afterAll(() => platform?.stop());

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  parameters?: object[];
  requestBody?: unknown;
  responses: Record<string, { headers?: object }>;
}

/** Each public route but those of the API's own description, and who may call it. */
const callers = {
  'DELETE /v1/admin/cache/{namespace}': 'operators',
  'DELETE /v1/admin/cache/{namespace}/{id}': 'operators',
  'GET /v1/admin/audit': 'operators',
  'GET /v1/admin/cache': 'operators',
  'GET /v1/admin/dead-letters': 'operators',
  'GET /v1/admin/dead-letters/{id}': 'operators',
  'GET /v1/admin/funnel': 'operators',
  'GET /v1/admin/queues': 'operators',
  'GET /v1/admin/replicas': 'operators',
  'GET /v1/admin/shards': 'operators',
  'GET /v1/orders/{id}': 'customers',
  'GET /v1/products': 'customers',
  'GET /v1/products/{id}': 'customers',
  'GET /v1/products/{id}/recommendations': 'customers',
  'GET /v1/reports/{id}': 'operators',
  'GET /v1/users': 'operators',
  'GET /v1/users/{id}': 'customers',
  'GET /v1/users/{id}/orders': 'customers',
  'GET /v1/users/{id}/recommendations': 'customers',
  'PATCH /v1/users/{id}': 'customers',
  'POST /v1/admin/cache/warm': 'operators',
  'POST /v1/admin/dead-letters/redrive': 'operators',
  'POST /v1/admin/dead-letters/{id}/discard': 'operators',
  'POST /v1/admin/dead-letters/{id}/redrive': 'operators',
  'POST /v1/admin/queues/{name}/pause': 'operators',
  'POST /v1/admin/queues/{name}/resume': 'operators',
  'POST /v1/admin/queues/{name}/run-now': 'operators',
  'POST /v1/admin/shards/plan': 'operators',
  'POST /v1/admin/shards/plan/rebalance': 'operators',
  'POST /v1/orders': 'customers',
  'POST /v1/orders/{id}/cancel': 'customers',
  'POST /v1/products': 'operators',
  'POST /v1/reports': 'operators',
  'POST /v1/users': 'operators',
  'PUT /v1/products/{id}/stock': 'operators',
};

const TOKEN = 'X-Consistency-Token';

describe('/openapi.json', () => {
  it('describes every route of the REST contract, and no management route', async () => {
    const document = (await (await fetch(`${platform.baseUrl}/openapi.json`)).json()) as OpenApi;
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(Object.keys(callers));
  });

  it.each(Object.entries(callers))('%s is for %s', async (route, allowed) => {
    const [method, path] = route.split(' ') as [string, string];
    // Nothing is there by this name: an operator may as well ask.
    const url = path.replace('/v1', '').replace(/\{\w+\}/g, '1');
    const codeFor = async (token: string | null) => {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      return (await platform.api.call(method, url, { token, body })).body?.['code'];
    };
    const refusals = ['token-missing', 'token-invalid', 'forbidden'];
    const [customer, operator] = [await platform.customerToken('1'), await platform.operatorToken()];
    expect(await codeFor(null)).toBe('token-missing');
    expect(await codeFor('x.y.z')).toBe('token-invalid');
    if (allowed === 'operators') expect(await codeFor(customer)).toBe('forbidden');
    else expect(refusals).not.toContain(await codeFor(customer));
    expect(refusals).not.toContain(await codeFor(operator));
  });

  it('says of each route that it takes a consistency token, and of each that may write that it gives one', async () => {
    const document = (await (await fetch(`${platform.baseUrl}/openapi.json`)).json()) as OpenApi;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { parameters = [], responses }] of Object.entries(methods)) {
        const route = `${method} ${path}`;
        expect(parameters, route).toContainEqual(expect.objectContaining({ name: TOKEN, in: 'header' }));
        const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
        expect(Object.keys(success?.headers ?? {}).includes(TOKEN), route).toBe(method !== 'get');
      }
    }
  });

  it('says what an order must be, as the validator does', async () => {
    const document = (await (await fetch(`${platform.baseUrl}/openapi.json`)).json()) as OpenApi;
    expect(document.paths['/v1/orders']!['post']!.requestBody).toMatchObject({
      content: {
        'application/json': {
          schema: {
            required: ['userId', 'items', 'shippingAddress'],
            properties: { items: { type: 'array', minItems: 1, maxItems: 1_000 } },
          },
        },
      },
    });
  });
});

describe('/docs', () => {
  it('is a page for a browser, without a token', async () => {
    for (const path of ['/docs', '/docs/', '/docs/index.html']) {
      const answer = await fetch(platform.baseUrl + path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
      const page = await answer.text();
      expect(page).toContain('id="swagger-ui"');
      // The policy allows no inline script.
      expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
    }
  });

  it.each([
    'swagger-ui.css',
    'swagger-ui-bundle.js',
    'swagger-ui-standalone-preset.js',
    'swagger-ui-init.js',
    'favicon-32x32.png',
  ])('has %s, which the page asks for', async (file) => {
    expect((await fetch(`${platform.baseUrl}/docs/${file}`)).status).toBe(200);
  });

  it.each([
    'package.json',
    '%70ackage.json',
    'x/../package.json',
    'swagger-ui.js.map',
    'swagger-ui-bundle.js.map',
    'swagger-ui.css.map',
    'absolute-path.js',
    'LICENSE',
    'oauth2-redirect.html',
  ])('does not have %s', async (file) => {
    expect((await fetch(`${platform.baseUrl}/docs/${file}`)).status).toBe(404);
  });
});
