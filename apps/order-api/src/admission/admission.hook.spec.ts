import { eventually, gate } from '@fourfold-tools/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { register } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { allow } from '../auth/access.js';
import { countInHand, refuseOverload } from './admission.hook.js';
import type { AdmissionLimit } from './admission.limit.js';

const LEAST = 10;

/** An app whose requests all wait, and which takes ten at once: its limit has fallen as far as it can. */
async function overloaded(): Promise<{ url: string; open: () => void; limit: AdmissionLimit }> {
  register.clear();
  const app: FastifyInstance = Fastify();
  onTestFinished(() => app.close());
  const limit = refuseOverload(app, 1, LEAST);
  countInHand(app, limit);
  const { passed, open } = gate();
  onTestFinished(() => open());
  const handler = () => passed.then(() => 'answered');
  for (const [method, url, access] of [
    ['GET', '/v1/products', 'customers'],
    ['GET', '/v1/products/:id', 'customers'],
    ['POST', '/v1/orders', 'customers'],
    ['GET', '/v1/admin/queues', 'operators'],
  ] as const)
    app.route({ method, url, config: allow(access), handler });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  // As measured when all take too long.
  await eventually(() => {
    limit.adapt(1_000);
    return limit.limit === LEAST;
  });
  return { url, open, limit };
}

const post = (url: string) => fetch(`${url}/v1/orders`, { method: 'POST' });

it('a process that has as much in hand as it can answer refuses lists, then reads, then writes, and operators never', async () => {
  const { url, open, limit } = await overloaded();
  const orders = Array.from({ length: 7 }, () => post(url));
  await eventually(() => limit.inHand === 7);
  const list = await fetch(`${url}/v1/products`);
  expect(list.status).toBe(503);
  expect(await list.json()).toMatchObject({ code: 'overloaded', statusCode: 503 });
  const reads = [fetch(`${url}/v1/products/1`), fetch(`${url}/v1/products/2`)];
  await eventually(() => limit.inHand === 9);
  expect((await fetch(`${url}/v1/products/3`)).status).toBe(503);
  orders.push(post(url));
  await eventually(() => limit.inHand === 10);
  expect((await post(url)).status).toBe(503);
  const operator = fetch(`${url}/v1/admin/queues`);
  await eventually(() => limit.inHand === 11);
  open();
  for (const answer of await Promise.all([...orders, ...reads, operator])) expect(answer.status).toBe(200);
  await eventually(() => limit.inHand === 0);
  expect((await fetch(`${url}/v1/products`)).status).toBe(200);
  const metrics = await register.metrics();
  for (const priority of ['list', 'read', 'write'])
    expect(metrics).toContain(`http_shed_total{priority="${priority}"} 1`);
});

it('one whose client goes is not in hand any more', async () => {
  const { url, limit } = await overloaded();
  const client = new AbortController();
  const gone = fetch(`${url}/v1/products/1`, { signal: client.signal }).catch(() => 'gone');
  await eventually(() => limit.inHand === 1);
  client.abort();
  expect(await gone).toBe('gone');
  await eventually(() => limit.inHand === 0);
});
