import { currentRequest, runForRequest } from '@fourfold/observability/request-context';
import { ManualClock } from '@fourfold/kernel';
import { expect, it } from 'vitest';
import { mariadbDialect } from '../engine/mariadb.dialect.js';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { consistencyState, usePrimary } from './consistency.context.js';
import { consistencyHooks, type HookedRequest } from './consistency.hooks.js';
import { ReadYourWrites } from './read-your-writes.js';

interface Asked extends HookedRequest {
  caller?: string;
}

function setUp() {
  const options = {
    tokenSecrets: ['a-secret-of-at-least-32-characters'],
    tokenTtlMs: 60_000,
    windowMs: 2_000,
  };
  const readYourWrites = new ReadYourWrites(
    options,
    mariadbDialect,
    new DbRoutingMetrics(),
    () => Promise.resolve('1-1-1'),
    new ManualClock(1_000_000),
  );
  const { preHandler, onSend } = consistencyHooks<Asked>(readYourWrites, ({ caller }) => caller);

  /** As Fastify runs a request. @returns the headers of its answer */
  async function call(
    method: string,
    handle: () => unknown,
    { token, caller, hasContext = false }: { token?: string; caller?: string; hasContext?: boolean } = {},
  ): Promise<Record<string, string>> {
    const headers = token === undefined ? {} : { 'x-consistency-token': token };
    const request: Asked = { id: '1', method, url: '/', headers, ...(caller !== undefined && { caller }) };
    const work = async () => {
      await new Promise<void>((resolve, reject) =>
        preHandler(request, {}, () => void Promise.resolve(handle()).then(() => resolve(), reject)),
      );
      const answered: Record<string, string> = {};
      onSend(request, { header: (name, value) => void (answered[name] = value) }, '', () => {});
      return answered;
    };
    return hasContext ? runForRequest(request, work) : work();
  }
  return { call, readYourWrites };
}

const scopeNow = () => consistencyState().scope!;

it.each([false, true])(
  'a write has a token that the next read is held to; in a context of the request already: %s',
  async (hasContext) => {
    const { call } = setUp();
    const write = async () => {
      await Promise.resolve();
      scopeNow().committed('1-1-8');
    };
    const token = (await call('POST', write, { hasContext }))['x-consistency-token'];
    const seen: string[] = [];
    const read = () => void seen.push(scopeNow().freshness.position);
    expect(await call('GET', read, { token: token!, hasContext })).toEqual({});
    expect(seen).toEqual(['1-1-8']);
  },
);

it('each changing request has a token, and one that reads only if it wrote', async () => {
  const { call } = setUp();
  expect(await call('DELETE', () => {})).toHaveProperty('x-consistency-token');
  expect(await call('GET', () => {})).toEqual({});
  expect(await call('GET', () => scopeNow().committed('1-1-9'))).toHaveProperty('x-consistency-token');
});

it('an answer that may be old says so', async () => {
  const { call, readYourWrites } = setUp();
  expect(await call('GET', () => readYourWrites.gotOld())).toEqual({ Warning: '110 - "Response is Stale"' });
});

it('the next read of the same caller is held to its write, without a token', async () => {
  const { call } = setUp();
  await call('POST', () => scopeNow().committed('1-1-9'), { caller: 'customer:1' });
  const seen: string[] = [];
  for (const caller of ['customer:1', 'customer:2'])
    await call('GET', () => void seen.push(scopeNow().freshness.position), { caller });
  expect(seen).toEqual(['1-1-9', '']);
});

it('what a token carries is learnt before the handler runs', async () => {
  const { call, readYourWrites } = setUp();
  const told: string[] = [];
  let write: (note: string) => void = () => {};
  readYourWrites.carry({
    listen: (listener: (note: string) => void) => void (write = listener),
    pack: (notes) => notes.join(),
    learn: async (packed) => {
      await Promise.resolve();
      told.push(packed);
      return [];
    },
  });
  const token = (await call('POST', () => write('order 1')))['x-consistency-token']!;
  await call('GET', () => void told.push('handler'), { token });
  expect(told).toEqual(['order 1', 'handler']);
});

it('what a part of the request asks holds for that part, requests are apart, and what is isolated is of none', async () => {
  const { call, readYourWrites } = setUp();
  const scopes = new Set<unknown>();
  const handle = async () => {
    const { scope } = consistencyState();
    scopes.add(scope);
    await usePrimary(async () => expect(consistencyState()).toMatchObject({ forced: 'primary', scope }));
    expect(consistencyState()).toEqual({ scope });
    await readYourWrites.isolate(async () => expect(scopeNow()).not.toBe(scope));
  };
  await Promise.all(Array.from({ length: 5 }, () => call('GET', handle)));
  expect(scopes.size).toBe(5);
  expect([consistencyState(), currentRequest()]).toEqual([{}, undefined]);
});
