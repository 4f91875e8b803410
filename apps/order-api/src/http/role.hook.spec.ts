import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allow } from '../auth/access.js';
import type { ApiRole } from '../config/api-role.js';
import { refuseOtherRole, serves } from './role.hook.js';

describe('a process serves', () => {
  it.each<[string, string, boolean, boolean]>([
    // method, route, as `read`, as `write`
    ['GET', '/v1/products', true, false],
    ['HEAD', '/v1/products', true, false],
    ['OPTIONS', '/v1/products', true, false],
    ['POST', '/v1/products', false, true],
    ['PUT', '/v1/products/:id/stock', false, true],
    ['PATCH', '/v1/users/:id', false, true],
    ['DELETE', '/v1/admin/cache/:namespace', false, true],
    ['QUERY', '/v1/products', false, true],
    ['POST', '/v1/admin/shards/plan', true, true],
    ['POST', '/v1/admin/shards/plan/rebalance', true, true],
    ['GET', '/v1/orders/:id', true, true],
    ['HEAD', '/v1/orders/:id', true, true],
    ['GET', '/v1/users/:id/orders', true, false],
  ])('%s %s: as reader %s, as writer %s', (method, route, asReader, asWriter) => {
    expect([serves('read', method, route), serves('write', method, route)]).toEqual([asReader, asWriter]);
    expect(serves('all', method, route)).toBe(true);
  });
});

describe('a request for the other role', () => {
  function appOf(role: ApiRole): FastifyInstance {
    const app = Fastify();
    onTestFinished(() => app.close());
    refuseOtherRole(app, role);
    const answer = () => 'served';
    for (const method of ['GET', 'POST'])
      app.route({ method, url: '/v1/products', config: allow('operators'), handler: answer });
    app.get('/docs', { config: allow('public') }, answer);
    app.post('/v1/open', { config: allow('public') }, answer);
    return app;
  }

  it('is refused with 421, and says what to do', async () => {
    const answer = await appOf('read').inject({ method: 'POST', url: '/v1/products' });
    expect(answer.statusCode).toBe(421);
    expect(answer.json()).toMatchObject({
      message:
        'Nothing was done: this process has API_ROLE=read and does not serve POST /v1/products; send it to one that does',
    });
    expect((await appOf('write').inject({ url: '/v1/products' })).statusCode).toBe(421);
    // Without a caller, and a write all the same.
    expect((await appOf('read').inject({ method: 'POST', url: '/v1/open' })).statusCode).toBe(421);
  });

  it.each<[ApiRole, 'GET' | 'POST', string, number]>([
    ['read', 'GET', '/v1/products', 200],
    ['write', 'POST', '/v1/products', 200],
    ['all', 'GET', '/v1/products', 200],
    ['all', 'POST', '/v1/products', 200],
    ['write', 'GET', '/docs', 200],
    ['read', 'POST', '/v1/nothing', 404],
    ['write', 'GET', '/v1/nothing', 404],
  ])('others are not: %s, %s %s', async (role, method, url, status) => {
    expect((await appOf(role).inject({ method, url })).statusCode).toBe(status);
  });
});
