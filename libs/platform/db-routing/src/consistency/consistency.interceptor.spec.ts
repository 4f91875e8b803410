import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '@fourfold/kernel';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { defer, lastValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { mariadbDialect } from '../engine/mariadb.dialect.js';
import { consistencyState } from './consistency.context.js';
import { CONSISTENCY_HEADER } from './consistency.headers.js';
import { ConsistencyInterceptor } from './consistency.interceptor.js';
import type { Freshness } from './freshness.js';
import { ReadYourWrites } from './read-your-writes.js';

type Handler = (response: ServerResponse) => Promise<void>;

const callers = new WeakMap<object, string>();
let readYourWrites: ReadYourWrites;
let interceptor: ConsistencyInterceptor;

beforeEach(() => {
  const callerOf = (context: ExecutionContext) => callers.get(context.switchToHttp().getRequest<object>());
  const options = {
    tokenSecrets: ['a-secret-of-at-least-32-characters'],
    tokenTtlMs: 60_000,
    windowMs: 2_000,
    callerOf,
  };
  const position = () => Promise.resolve('1-1-1');
  const metrics = new DbRoutingMetrics();
  readYourWrites = new ReadYourWrites(options, mariadbDialect, metrics, position, new ManualClock(1_000_000));
  interceptor = new ConsistencyInterceptor(readYourWrites);
});

/** As Nest calls an interceptor, with a response that is wrapped (Fastify) or not (Express). */
function contextOf(request: IncomingMessage, response: ServerResponse, wrapped: boolean, type = 'http') {
  const http = { getRequest: () => request, getResponse: () => (wrapped ? { raw: response } : response) };
  return { getType: () => type, switchToHttp: () => http } as unknown as ExecutionContext;
}

interface Call {
  method?: string;
  token?: string;
  caller?: string;
  wrapped?: boolean;
}

/** @returns the token of the answer, if there is one */
async function call(handle: Handler, { method = 'POST', token, caller, wrapped = true }: Call = {}) {
  const server = createServer((request, response) => {
    if (caller) callers.set(request, caller);
    const next: CallHandler = { handle: () => defer(() => handle(response)) };
    void lastValueFrom(interceptor.intercept(contextOf(request, response, wrapped), next));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    method,
    headers: token === undefined ? {} : { [CONSISTENCY_HEADER]: token },
  });
  return answer.headers.get(CONSISTENCY_HEADER) ?? undefined;
}

const scopeNow = () => consistencyState().scope!;
const meaningOf = (token: string | undefined) => readYourWrites.scopeOf(token, undefined).freshness;

function writes(...gtids: string[]): Handler {
  return async (response) => {
    for (const gtid of gtids) {
      await Promise.resolve();
      scopeNow().committed(gtid);
    }
    response.end();
  };
}

/** Answers, and keeps what its reads have to see. */
function reads(seen: Freshness[]): Handler {
  return async (response) => {
    seen.push(scopeNow().freshness);
    response.end();
  };
}

describe('ConsistencyInterceptor', () => {
  it.each([true, false])(
    'gives a write a token that its next read is held to; response wrapped: %s',
    async (wrapped) => {
      const token = await call(writes('1-1-7', '1-1-8'), { wrapped });
      const seen: Freshness[] = [];
      expect(await call(reads(seen), { method: 'GET', token: token!, wrapped })).toBeUndefined();
      expect(seen).toEqual([{ position: '1-1-8', primaryUntilMs: 0 }]);
    },
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'gives %s a token even if nothing was written',
    async (method) => {
      expect(meaningOf(await call(reads([]), { method }))).toEqual({ position: '', primaryUntilMs: 0 });
    },
  );

  it.each(['GET', 'OPTIONS'])('gives %s one if something was', async (method) => {
    expect(meaningOf(await call(writes('1-1-9'), { method })).position).toBe('1-1-9');
    expect(await call(reads([]), { method })).toBeUndefined();
  });

  it('adds a request’s write to what it came with', async () => {
    const token = await call(writes('2-1-5'));
    expect(meaningOf(await call(writes('1-1-9'), { token: token! })).position).toBe('1-1-9,2-1-5');
  });

  it('holds the next read of the same caller to the write, without a token', async () => {
    const seen: Freshness[] = [];
    await call(writes('1-1-9'), { caller: 'customer:1' });
    for (const caller of ['customer:1', 'customer:2']) await call(reads(seen), { method: 'GET', caller });
    await call(reads(seen), { method: 'GET' });
    expect(seen.map(({ position }) => position)).toEqual(['1-1-9', '', '']);
  });

  it('keeps requests that run at the same time apart', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => call(writes(`1-1-${i + 1}`))));
    expect(tokens.map((token) => meaningOf(token).position)).toEqual(tokens.map((_, i) => `1-1-${i + 1}`));
  });

  it('gives what is no HTTP request, such as a message, a scope of its own as well', async () => {
    const context = contextOf({} as IncomingMessage, {} as ServerResponse, false, 'rpc');
    const next: CallHandler = { handle: () => defer(() => Promise.resolve(consistencyState())) };
    const state = await lastValueFrom(interceptor.intercept(context, next));
    expect(state).toEqual({ scope: expect.objectContaining({ wrote: false }) });
    expect(consistencyState()).toEqual({});
  });
});

describe('what the cache was told to forget', () => {
  it('is carried by the token, learnt before the handler runs, and carried on by what it writes', async () => {
    const told: string[] = [];
    let write: (note: string) => void = () => {};
    readYourWrites.carry({
      listen: (listener: (note: string) => void) => void (write = listener),
      pack: (notes) => notes.join(),
      learn: async (packed) => {
        await Promise.resolve();
        told.push(packed);
        return [`known:${packed}`];
      },
    });
    const token = await call(async (response) => {
      write('order 1');
      response.end();
    });
    const again = await call(
      async (response) => {
        told.push('handler');
        write('order 2');
        response.end();
      },
      { token: token! },
    );
    expect(told).toEqual(['order 1', 'handler']);
    expect(readYourWrites.scopeOf(again, undefined).carried).toBe('known:order 1,order 2');
  });
});
