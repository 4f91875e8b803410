import { type ExecutionContext, Logger } from '@nestjs/common';
import { type HttpAdapterHost, Reflector } from '@nestjs/core';
import { firstValueFrom, of } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { CacheInterceptor } from './cache.interceptor.js';
import { CachedRoute } from './cached-route.decorator.js';

type Load = () => Promise<unknown>;

class Pages {
  @CachedRoute({ namespace: 'page' })
  page(): void {}
}

const context = {
  getType: () => 'http',
  getHandler: () => Pages.prototype.page,
  getClass: () => Pages,
  switchToHttp: () => ({
    getRequest: () => ({ method: 'GET', url: '/', headers: {} }),
    getResponse: () => ({ statusCode: 200, getHeaders: () => ({}) }),
  }),
} as unknown as ExecutionContext;
const adapterHost = {
  httpAdapter: { isHeadersSent: () => false, setHeader: () => {}, status: () => {} },
} as unknown as HttpAdapterHost;

const answerWith = async (getOrLoad: (load: Load) => Promise<unknown>, handle = vi.fn(() => of('own'))) => {
  const cache = { getOrLoad: (_n: string, _id: string, load: Load) => getOrLoad(load) };
  const interceptor = new CacheInterceptor(cache as MultiLevelCache, new Reflector(), adapterHost);
  return firstValueFrom(await interceptor.intercept(context, { handle }));
};

// One answer below is not stored, on purpose.
Logger.overrideLogger(false);

describe('the interceptor', () => {
  const cached = { body: 'cached', headers: {}, etag: '"1"' };

  it('runs no handler for a refresh ahead: its reply has been sent by then', async () => {
    let refresh: Load | undefined;
    const handle = vi.fn(() => of('own'));
    const answer = await answerWith(async (load) => {
      refresh = load;
      return cached;
    }, handle);
    expect(answer).toBe('cached');
    await expect(refresh!()).rejects.toThrow();
    expect(handle).not.toHaveBeenCalled();
  });

  it('answers when the handler has run, however long storing takes, and even if it fails', async () => {
    const never = new Promise<never>(() => {});
    expect(await answerWith((load) => load().then(() => never))).toBe('own');
    const failing = async (load: Load): Promise<never> => {
      await load();
      throw new Error('cannot be stored');
    };
    expect(await answerWith(failing)).toBe('own');
  });

  it.each([[null], ['text'], [{ value: 1 }], [[]]])(
    'takes %j, which is no answer of a route, for a miss',
    async (alien) => {
      expect(await answerWith(async () => alien)).toBe('own');
    },
  );
});
