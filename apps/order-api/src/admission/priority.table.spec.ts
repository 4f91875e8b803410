import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { allow } from '../auth/access.js';
import { PriorityTable } from './priority.table.js';

const table = new PriorityTable();
const app = Fastify();
table.attach(app);
for (const [method, url, access] of [
  ['GET', '/v1/products', 'customers'],
  ['GET', '/v1/products/:id', 'customers'],
  ['GET', '/v1/users/:id/orders', 'customers'],
  ['PATCH', '/v1/users/:id', 'customers'],
  ['POST', '/v1/orders', 'customers'],
  ['POST', '/v1/orders/:id/cancel', 'customers'],
  ['POST', '/v1/users', 'operators'],
  ['PUT', '/v1/products/:id/stock', 'operators'],
  ['GET', '/v1/admin/queues', 'operators'],
  ['GET', '/docs', 'public'],
] as const)
  app.route({ method, url, config: allow(access), handler: () => '' });

it.each([
  ['GET', '/v1/products', 'list'],
  ['GET', '/v1/products?limit=5&cursor=a/b', 'list'],
  ['HEAD', '/v1/products', 'list'],
  ['GET', '/v1/products/38301802806273', 'read'],
  ['GET', '/v1/users/7/orders?limit=1', 'list'],
  ['PATCH', '/v1/users/7', 'write'],
  ['POST', '/v1/orders', 'write'],
  ['POST', '/v1/orders/7/cancel', 'write'],
  ['POST', '/v1/users', undefined],
  ['PUT', '/v1/products/7/stock', undefined],
  ['GET', '/v1/admin/queues', undefined],
  ['POST', '/v1/admin/dead-letters/7/redrive', undefined],
  ['GET', '/docs', undefined],
  ['GET', '/', 'list'],
  ['OPTIONS', '/v1/orders', undefined],
  ['GET', '/v1/nothing', 'list'],
  ['GET', '/v1/%70roducts', 'list'],
  ['GET', '/%761/products', 'list'],
  ['GET', 'http://x/v1/products', 'list'],
  ['GET', 'http://x/v1/admin/queues', 'list'],
  ['DELETE', '/v1/orders/7', 'list'],
])('%s %s: %s', (method, url, priority) => expect(table.of(method, url)).toBe(priority));
