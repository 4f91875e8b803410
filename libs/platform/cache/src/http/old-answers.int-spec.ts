import { PATIENT_CACHE } from '@fourfold-tools/testing';
import { Controller, ForbiddenException, Get, Module, Res, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CacheModule } from '../cache.module.js';
import { useCaches } from '../testing/cache-fixture.js';
import { CacheInterceptor } from './cache.interceptor.js';
import { CachedRoute } from './cached-route.decorator.js';

/** In namespaces whose values are served past their TTL: a route's are not. */
const policy = { ttlMs: 3_600_000, neverExpire: true };
const namespaces = { changed: policy, refused: policy };
const GRACE_MS = 2_147_483_647;
let isOver: boolean;

interface Reply {
  status(code: number): unknown;
}

@Controller()
@UseInterceptors(CacheInterceptor)
class Pages {
  @Get('changed')
  @CachedRoute({ namespace: 'changed', id: () => 'page', shared: true })
  changed(@Res({ passthrough: true }) reply: Reply) {
    if (isOver) reply.status(410);
    return { isOver };
  }

  @Get('refused')
  @CachedRoute({ namespace: 'refused', id: () => 'page', shared: true })
  refused() {
    if (isOver) throw new ForbiddenException();
    return { isOver };
  }
}

const fixture = useCaches();
let app: NestFastifyApplication;
beforeEach(async () => {
  isOver = false;
  const { prefix, server } = fixture;
  const options = {
    ...{ redis: server.url, prefix, registry: new Registry(), namespaces, l1MaxTtlMs: 1 },
    ...PATIENT_CACHE,
  };

  @Module({ imports: [CacheModule.forRoot(options)], controllers: [Pages] })
  class AppModule {}
  app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
});
afterEach(() => app.close());

it.each([
  ['changed', 410],
  ['refused', 403],
] as const)('the route "%s" answers %i past its TTL, and not with an old page', async (name, status) => {
  const url = `${await app.getUrl()}/${name}`;
  expect((await fetch(url)).status).toBe(200);
  await fixture.endIn(name, 'page', -1_000, GRACE_MS);
  isOver = true;
  const answer = await fetch(url);
  expect(answer.status).toBe(status);
  expect(await answer.json()).not.toEqual({ isOver: false });
});
