import { PATIENT_CACHE } from '@fourfold-tools/testing';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Registry } from 'prom-client';
import { CacheModule } from '../cache.module.js';
import { MultiLevelCache } from '../multi-level-cache.js';
import { handlers, PageController, PlainController } from './page.controller.js';
import { freshPrefix } from './test-caches.js';

/** An application with cached routes that listens on a port of its own. */
export class PageApp {
  private constructor(
    private readonly app: INestApplication,
    private readonly url: string,
  ) {}

  static async open(redisUrl: string): Promise<PageApp> {
    Object.assign(handlers, { runs: {}, hold: undefined });
    const options = {
      redis: redisUrl,
      prefix: freshPrefix(),
      namespaces: { page: { ttlMs: 60_000 }, 'by-id': { ttlMs: 60_000 } },
      ...PATIENT_CACHE,
      // Longer than a test: what waits for a Redis that hangs never gets its answer.
      commandTimeoutMs: 120_000,
      registry: new Registry(),
    };
    @Module({ imports: [CacheModule.forRoot(options)], controllers: [PageController, PlainController] })
    class AppModule {}

    const adapter = new FastifyAdapter();
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, { logger: false });
    await app.listen(0, '127.0.0.1');
    return new PageApp(app, await app.getUrl());
  }

  get cache(): MultiLevelCache {
    return this.app.get(MultiLevelCache);
  }

  /** Requests that wait for the run of another one's handler. */
  get waiting(): number {
    return this.cache.stats().namespaces['page']!.joins;
  }

  get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
    return fetch(`${this.url}${path}`, { method, headers, redirect: 'manual' });
  }

  async json(path: string, headers?: Record<string, string>): Promise<unknown> {
    return (await this.get(path, headers)).json();
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
