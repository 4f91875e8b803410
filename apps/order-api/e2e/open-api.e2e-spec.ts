import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callers } from './owasp/route.callers.js';

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

const TOKEN = 'X-Consistency-Token';

describe('/openapi.json', () => {
  it('describes every route of the REST contract, and no management route', async () => {
    const document = (await (await fetch(`${platform.baseUrl}/openapi.json`)).json()) as OpenApi;
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(Object.keys(callers));
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
