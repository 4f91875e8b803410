import { TokenExpiredError, type TokenVerifier, type Caller } from '@fourfold/auth';
import { AppError } from '@fourfold/kernel';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { register } from 'prom-client';
import { eventually } from '@fourfold-tools/testing';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { allow } from '../auth/access.js';
import { authenticate } from '../auth/authentication.hook.js';
import { RateLimits, type RateOptions } from './rate.limits.js';

const NONE: RateOptions = { callerMinute: 0, addressMinute: 0, ordersHour: 0, ordersDay: 0 };
/** Tokens: `customer-<id>`, `operator-<id>`; `unknown-…` has to be verified, and is expired. */
const verify = vi.fn(() => Promise.reject(new TokenExpiredError(new Error('expired'))));
const tokens = {
  known: (token: string): Caller | undefined => {
    const [role, id] = token.split('-') as [Caller['role'] | 'unknown', string];
    return role === 'unknown' ? undefined : { role, id };
  },
  verify,
} as unknown as TokenVerifier;
/** Answers as its status, or 201. */
const placed = vi.fn((request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> => {
  const { status = 201, replayed } = request.query as { status?: number; replayed?: string };
  if (replayed) reply.header('Idempotency-Replayed', 'true');
  return reply.code(Number(status)).send('placed');
});
const wasPlaced = vi.fn((_caller: Caller, key: string) => Promise.resolve(key === 'placed-before'));

let nowMs: number;
beforeEach(() => {
  register.clear();
  vi.clearAllMocks();
  // The beginning of a day.
  nowMs = 20_000 * 86_400_000;
});

function appWith(options: Partial<RateOptions>): FastifyInstance {
  const app = Fastify();
  onTestFinished(() => app.close());
  const limits = new RateLimits({ ...NONE, ...options }, () => nowMs);
  authenticate(app, tokens, limits);
  limits.attach(app, wasPlaced);
  app.setErrorHandler((error, _request, reply) => {
    const { status, code, retryAfterSeconds = 0 } = error as AppError;
    return reply.code(status).header('Retry-After', retryAfterSeconds).send({ code });
  });
  app.get('/v1/products', { config: allow('customers') }, () => 'products');
  app.post('/v1/orders', { config: allow('customers') }, placed);
  return app;
}

const get = (app: FastifyInstance, token: string) =>
  app.inject({ url: '/v1/products', headers: { authorization: `Bearer ${token}` } });
const order = (app: FastifyInstance, token: string, lines: unknown = 1, query = '', key = 'new') =>
  app.inject({
    method: 'POST',
    url: `/v1/orders${query}`,
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
    payload: { items: typeof lines === 'number' ? Array.from({ length: lines }, () => ({})) : lines },
  });

it('a customer who asks for more than allowed is refused until the next window, and no other one', async () => {
  const app = appWith({ callerMinute: 10 });
  for (let nth = 0; nth < 10; nth += 1) expect((await get(app, 'customer-1')).statusCode).toBe(200);
  const refused = await get(app, 'customer-1');
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toEqual({ code: 'rate-limited' });
  expect(refused.headers).toMatchObject({
    'retry-after': '66',
    'ratelimit-policy': '"caller";q=10;w=60',
    ratelimit: '"caller";r=0;t=66',
  });
  expect((await get(app, 'customer-2')).statusCode).toBe(200);
  nowMs += 66_000;
  expect((await get(app, 'customer-1')).statusCode).toBe(200);
  expect(await register.metrics()).toContain('http_rate_limited_total{limit="caller"} 1');
});

it('an order costs by its lines, and is refused before it is looked at', async () => {
  const app = appWith({ callerMinute: 2_000 });
  const one = await order(app, 'customer-1', 1_000);
  expect(one.headers['ratelimit']).toBe('"caller";r=995;t=60');
  expect((await order(app, 'customer-1', 1_000)).statusCode).toBe(429);
  expect((await order(app, 'customer-1', 2)).statusCode).toBe(201);
  for (const items of ['text', null, { length: 5_000 }])
    expect((await order(app, 'customer-2', items)).statusCode).toBe(201);
  expect(placed).toHaveBeenCalledTimes(5);
});

it('reads say what is left from the half on', async () => {
  const app = appWith({ callerMinute: 10 });
  const said = [];
  for (let nth = 0; nth < 7; nth += 1) said.push((await get(app, 'customer-1')).headers['ratelimit']);
  expect(said).toEqual([...Array<undefined>(5), '"caller";r=4;t=60', '"caller";r=3;t=60']);
});

it('a customer places so many orders an hour and a day', async () => {
  const app = appWith({ ordersHour: 2, ordersDay: 3 });
  const codes = async (times: number) => {
    const answers = [];
    for (let nth = 0; nth < times; nth += 1) answers.push((await order(app, 'customer-1')).statusCode);
    return answers;
  };
  expect(await codes(3)).toEqual([201, 201, 429]);
  nowMs += 2 * 3_600_000;
  expect(await codes(2)).toEqual([201, 429]);
  expect((await order(app, 'customer-1')).json()).toEqual({ code: 'order-quota-exceeded' });
  expect((await order(app, 'customer-2')).statusCode).toBe(201);
  expect((await get(app, 'customer-1')).statusCode).toBe(200);
});

it('an order counts when it is placed: not one that is refused or fails, and not the answer to an earlier one', async () => {
  const app = appWith({ ordersHour: 1 });
  for (const query of ['?status=404', '?status=409', '?status=503', '?replayed=true'])
    expect((await order(app, 'customer-1', 1, query)).statusCode).not.toBe(429);
  expect((await order(app, 'customer-1')).statusCode).toBe(201);
  expect((await order(app, 'customer-1')).statusCode).toBe(429);
});

it('an order that is under way counts', async () => {
  const app = appWith({ ordersHour: 1 });
  const gate = Promise.withResolvers<void>();
  placed.mockImplementationOnce(async (_request, reply) => {
    await gate.promise;
    return reply.code(404).send();
  });
  const first = order(app, 'customer-1');
  await eventually(() => expect(placed).toHaveBeenCalledTimes(1));
  expect((await order(app, 'customer-1')).statusCode).toBe(429);
  gate.resolve();
  expect((await first).statusCode).toBe(404);
  expect((await order(app, 'customer-1')).statusCode).toBe(201);
});

it('beyond the quota the answer to an earlier order is given again, and a failed look-up is told', async () => {
  const app = appWith({ ordersHour: 1 });
  expect((await order(app, 'customer-1')).statusCode).toBe(201);
  expect(wasPlaced).not.toHaveBeenCalled();
  expect((await order(app, 'customer-1', 1, '?replayed=true', 'placed-before')).statusCode).toBe(201);
  expect(wasPlaced).toHaveBeenCalledWith({ role: 'customer', id: '1' }, 'placed-before');
  expect((await order(app, 'customer-1', 1, '', 'no key: ü')).statusCode).toBe(429);
  expect(wasPlaced).toHaveBeenCalledTimes(1);
  wasPlaced.mockRejectedValueOnce(new TokenExpiredError(new Error('as an example')));
  expect((await order(app, 'customer-1')).statusCode).toBe(401);
});

it('what one limit refuses counts for no other one, and the longest wait is told', async () => {
  const app = appWith({ callerMinute: 2_000, ordersHour: 1 });
  expect((await order(app, 'customer-1', 900)).statusCode).toBe(201);
  const refused = await order(app, 'customer-1', 1_000);
  expect(refused.json()).toEqual({ code: 'order-quota-exceeded' });
  expect(refused.headers).toMatchObject({
    'retry-after': '7200',
    ratelimit: '"orders-hour";r=0;t=7200',
  });
  expect((await order(app, 'customer-1', 1_000)).statusCode).toBe(429);
  nowMs += 7_200_000;
  expect((await order(app, 'customer-1', 1_000)).statusCode).toBe(201);
});

it('an order of a refused one’s lines is allowed after the wait that was told', async () => {
  const app = appWith({ callerMinute: 20 });
  await order(app, 'customer-1', 10);
  const refused = await order(app, 'customer-1', 10);
  expect(refused.statusCode).toBe(429);
  nowMs += Number(refused.headers['retry-after']) * 1_000;
  expect((await order(app, 'customer-1', 10)).statusCode).toBe(201);
});

it('operators have no limit of this kind', async () => {
  const app = appWith({ callerMinute: 1, ordersHour: 1 });
  for (let nth = 0; nth < 5; nth += 1) expect((await order(app, 'operator-1')).statusCode).toBe(201);
});

it('an address without good tokens is refused before another one is verified, and its good ones are not', async () => {
  const app = appWith({ addressMinute: 3 });
  for (let nth = 0; nth < 2; nth += 1) expect((await get(app, `unknown-${nth}`)).statusCode).toBe(401);
  expect((await app.inject({ url: '/v1/products' })).statusCode).toBe(401);
  expect((await get(app, 'unknown-3')).statusCode).toBe(429);
  expect((await app.inject({ url: '/v1/products' })).statusCode).toBe(429);
  expect(verify).toHaveBeenCalledTimes(2);
  expect((await get(app, 'customer-1')).statusCode).toBe(200);
});
