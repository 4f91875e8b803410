import { TokenExpiredError, type TokenVerifier, type Caller } from '@fourfold/auth';
import { AppError } from '@fourfold/kernel';
import Fastify, { type FastifyInstance } from 'fastify';
import { register } from 'prom-client';
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
const placed = vi.fn(() => 'placed');

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
  limits.attach(app);
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
const order = (app: FastifyInstance, token: string, lines: unknown = 1) =>
  app.inject({
    method: 'POST',
    url: '/v1/orders',
    headers: { authorization: `Bearer ${token}` },
    payload: { items: typeof lines === 'number' ? Array.from({ length: lines }, () => ({})) : lines },
  });

it('a customer who asks for more than allowed is refused until the next window, and no other one', async () => {
  const app = appWith({ callerMinute: 10 });
  for (let nth = 0; nth < 10; nth += 1) expect((await get(app, 'customer-1')).statusCode).toBe(200);
  const refused = await get(app, 'customer-1');
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toEqual({ code: 'rate-limited' });
  expect(refused.headers).toMatchObject({
    'retry-after': '60',
    'ratelimit-policy': '"caller";q=10;w=60',
    ratelimit: '"caller";r=0;t=60',
  });
  expect((await get(app, 'customer-2')).statusCode).toBe(200);
  nowMs += 120_000;
  expect((await get(app, 'customer-1')).statusCode).toBe(200);
  expect(await register.metrics()).toContain('http_rate_limited_total{limit="caller"} 1');
});

it('an order costs by its lines, and is refused before it is looked at', async () => {
  const app = appWith({ callerMinute: 2_000 });
  const one = await order(app, 'customer-1', 1_000);
  expect(one.headers['ratelimit']).toBe('"caller";r=995;t=60');
  expect((await order(app, 'customer-1', 1_000)).statusCode).toBe(429);
  expect((await order(app, 'customer-1', 2)).statusCode).toBe(200);
  for (const items of ['text', null, { length: 5_000 }])
    expect((await order(app, 'customer-2', items)).statusCode).toBe(200);
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
  expect(await codes(3)).toEqual([200, 200, 429]);
  nowMs += 2 * 3_600_000;
  expect(await codes(2)).toEqual([200, 429]);
  expect((await order(app, 'customer-1')).json()).toEqual({ code: 'order-quota-exceeded' });
  expect((await order(app, 'customer-2')).statusCode).toBe(200);
  expect((await get(app, 'customer-1')).statusCode).toBe(200);
});

it('operators have no limit of this kind', async () => {
  const app = appWith({ callerMinute: 1, ordersHour: 1 });
  for (let nth = 0; nth < 5; nth += 1) expect((await order(app, 'operator-1')).statusCode).toBe(200);
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
