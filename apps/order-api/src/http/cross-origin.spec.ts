import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { requireAccess } from '../auth/access.js';
import { allow } from '../auth/access.js';
import { originsVariable } from '../config/origins.variable.js';
import { allowOrigins } from './cross-origin.js';

const SHOP = 'https://shop.example';
let app: FastifyInstance;

/** As order-api has it: what asks for the token comes after. */
async function serve(origins: string[]): Promise<FastifyInstance> {
  app = fastify();
  requireAccess(app);
  await allowOrigins(app, origins);
  app.addHook('onRequest', ({ headers }, reply, done) => {
    if (headers.authorization) done();
    else void reply.code(401).send('token-missing');
  });
  app.get('/v1/things', { config: allow('customers') }, (_request, reply) =>
    reply.header('ETag', '"1"').send('things'),
  );
  return app;
}
afterEach(() => app.close());

const preflight = (origin: string) =>
  app.inject({
    method: 'OPTIONS',
    url: '/v1/things',
    headers: {
      origin,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization',
    },
  });

describe('an origin that is allowed', () => {
  it('is told so before the token is asked for, and on the answer, with what its script may read', async () => {
    await serve([SHOP, 'http://localhost:5173']);
    for (const origin of [SHOP, 'http://localhost:5173']) {
      const asked = await preflight(origin);
      expect([asked.statusCode, asked.headers['access-control-allow-origin']]).toEqual([204, origin]);
      expect(asked.headers['access-control-allow-methods']).toContain('PATCH');
      expect(asked.headers['access-control-allow-headers']).toContain('If-Match');
      for (const authorization of ['', 'Bearer x']) {
        const answer = await app.inject({ url: '/v1/things', headers: { origin, authorization } });
        expect(answer.headers['access-control-allow-origin']).toBe(origin);
        expect(answer.headers['access-control-expose-headers']).toMatch(
          /ETag.*Retry-After.*X-Consistency-Token/,
        );
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
        expect(answer.headers.vary).toContain('Origin');
      }
    }
  });
});

describe('any other origin', () => {
  it.each(['https://evil.example', 'https://shop.example.evil.example', 'null', 'http://shop.example'])(
    'is not: %s',
    async (origin) => {
      await serve([SHOP]);
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
      const answer = await app.inject({ url: '/v1/things', headers: { origin, authorization: 'Bearer x' } });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('is not, where no list is given: nothing is said about any', async () => {
    await serve([]);
    const asked = await preflight(SHOP);
    expect(asked.statusCode).toBe(401);
    expect(Object.keys(asked.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('CORS_ORIGINS', () => {
  it('is a list of origins', () => {
    expect(originsVariable.parse(`${SHOP}, http://localhost:5173`)).toEqual([SHOP, 'http://localhost:5173']);
    expect(originsVariable.parse(undefined)).toEqual([]);
  });

  it.each(['*', `${SHOP}/`, 'shop.example', 'https://a.example https://b.example', 'null'])(
    'is not %j',
    (text) => {
      expect(() => originsVariable.parse(text)).toThrow('must be origins like https://shop.example');
    },
  );
});
