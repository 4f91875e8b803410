import { Inject, Module, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { checkedExtras, DependencyProbes, isGlobalExtra } from '@fourfold/kernel';
import { type AssembledCache, assembleCache } from './assemble-cache.js';
import { CACHE_REDIS } from './cache.errors.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './cache.module-definition.js';
import { CarriedInvalidations } from './invalidation/carried-invalidations.js';
import type { CacheModuleOptions } from './cache.options.js';
import { MultiLevelCache } from './multi-level-cache.js';
import { RedisL2Store } from './l2/redis-l2.store.js';
import { CacheWarmer } from './warming/cache.warmer.js';

const ASSEMBLED_CACHE = Symbol('ASSEMBLED_CACHE');

/** `CacheModule.forRoot(options)` or `forRootAsync(…)`, once an application; what it exports is then injectable everywhere. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: ASSEMBLED_CACHE,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: CacheModuleOptions) => assembleCache(options),
    },
    { provide: MultiLevelCache, inject: [ASSEMBLED_CACHE], useFactory: ({ cache }: AssembledCache) => cache },
    { provide: RedisL2Store, inject: [ASSEMBLED_CACHE], useFactory: ({ l2 }: AssembledCache) => l2 },
    {
      provide: CarriedInvalidations,
      inject: [ASSEMBLED_CACHE],
      useFactory: ({ carried }: AssembledCache) => carried,
    },
    CacheWarmer,
  ],
  exports: [MultiLevelCache, RedisL2Store, CarriedInvalidations, CacheWarmer],
})
export class CacheModule
  extends checkedExtras('CacheModule', ConfigurableModuleClass, isGlobalExtra)
  implements OnModuleInit, OnApplicationShutdown
{
  constructor(
    @Inject(ASSEMBLED_CACHE) private readonly assembled: AssembledCache,
    @Optional() private readonly probes?: DependencyProbes,
  ) {
    super();
  }

  /** Waits a moment for Redis, and goes on without it. */
  async onModuleInit(): Promise<void> {
    this.probes?.add(CACHE_REDIS, () => this.assembled.l2.ask());
    await this.assembled.start();
  }

  onApplicationShutdown(): void {
    this.assembled.close();
  }
}
