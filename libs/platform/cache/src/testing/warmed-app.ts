import { PATIENT_CACHE } from '@fourfold-tools/testing';
import { type INestApplicationContext, type LoggerService, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import { CacheModule } from '../cache.module.js';
import type { CacheModuleOptions } from '../cache.options.js';
import { MultiLevelCache } from '../multi-level-cache.js';
import { CacheWarmer } from '../warming/cache.warmer.js';
import type { WarmupEntries, WarmupEntry } from '../warm-up.js';
import { WarmupSource } from '../warming/warmup.source.js';
import { freshPrefix } from './test-caches.js';

/** A source made of functions. */
export function source(name: string, entries: () => WarmupEntries): WarmupSource {
  return new (class extends WarmupSource {
    readonly name = name;
    entries = entries;
  })();
}

/** Users whose values are what their ids say. */
export function users(ids: readonly string[], loadMany?: WarmupEntry['loadMany']): WarmupEntry {
  const load = async (missing: string[]) => new Map(missing.map((id) => [id, `user ${id}`]));
  return { namespace: 'user', ids, loadMany: loadMany ?? load };
}

/** `count` ids from `first` on. */
export const idsFrom = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(first + i));

/** A Nest application whose sources are in a module that knows nothing of the cache's. */
export class WarmedApp {
  private constructor(
    private readonly context: INestApplicationContext,
    readonly registry: Registry,
    readonly lines: readonly string[],
  ) {}

  static async start(
    redisUrl: string,
    sources: readonly WarmupSource[],
    options: Partial<CacheModuleOptions> = {},
  ): Promise<WarmedApp> {
    const registry = new Registry();
    const lines: string[] = [];
    const tell = (text: unknown): void => void lines.push(String(text));
    const logger: LoggerService = { log: tell, warn: tell, error: tell };
    const providers: Provider[] = sources.map((useValue) => ({ provide: Symbol(useValue.name), useValue }));

    @Module({ providers })
    class SourcesModule {}

    @Module({
      imports: [
        SourcesModule,
        CacheModule.forRoot({
          redis: redisUrl,
          prefix: freshPrefix(),
          namespaces: { user: { ttlMs: 60_000 } },
          registry,
          ...PATIENT_CACHE,
          ...options,
        }),
      ],
    })
    class AppModule {}

    const context = await NestFactory.createApplicationContext(AppModule, { logger });
    return new WarmedApp(context, registry, lines);
  }

  get warmer(): CacheWarmer {
    return this.context.get(CacheWarmer);
  }

  get cache(): MultiLevelCache {
    return this.context.get(MultiLevelCache);
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
