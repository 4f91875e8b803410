import { Module } from '@nestjs/common';
import { cacheManagerProvider, policiesOf } from '@fourfold/cache';
import { PageCursors } from '@fourfold/kernel';
import { shopModules } from '@shop/composition';
import { FunnelModule } from '@shop/analytics';
import { AuditModule } from '@shop/audit';
import { RecommendationsModule, recommendationsNamespaces } from '@shop/recommendations';
import { ReportRequestsModule } from '@shop/reports';
import { EmailChangesModule } from '@shop/users';
import { CacheReporter } from './admin/cache.reporter.js';
import { planCache, RebalancePlan } from './admin/rebalance.plan.js';
import { controllers } from './controllers.js';
import { CachedReads } from './consistency/cached-reads.js';
import { READER } from './config/api-role.js';
import { config } from './config/order-api.config.js';

const onlyReads = config.API_ROLE === 'read';

@Module({
  imports: [
    ...shopModules({
      service: 'order-api',
      config,
      database: {
        ...(onlyReads && READER.database),
        consistency: {
          tokenSecrets: config.CONSISTENCY_TOKEN_SECRETS,
          windowMs: config.STICKY_WINDOW_MS,
        },
      },
      cache: {
        namespaces: policiesOf([planCache, ...recommendationsNamespaces]),
        warmUpAtStart: true,
        ...(onlyReads && READER.cache),
      },
      sharding: {
        cursorSecrets: config.CONSISTENCY_TOKEN_SECRETS,
        // Ids are for what is written.
        ...(onlyReads && { ids: false }),
      },
    }),
    RecommendationsModule,
    ReportRequestsModule,
    FunnelModule,
    AuditModule,
    EmailChangesModule.forRoot({
      secrets: config.CONSISTENCY_TOKEN_SECRETS,
      lifeMs: config.EMAIL_LINK_HOURS * 3_600_000,
    }),
  ],
  controllers: [...controllers],
  providers: [
    CacheReporter,
    cacheManagerProvider({ namespace: planCache.name }),
    RebalancePlan,
    CachedReads,
    { provide: PageCursors, useValue: new PageCursors(config.CONSISTENCY_TOKEN_SECRETS) },
  ],
})
export class AppModule {}
