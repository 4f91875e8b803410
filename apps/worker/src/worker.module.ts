import { Module } from '@nestjs/common';
import { AnalyticsModule } from '@shop/analytics';
import { shopModules } from '@shop/composition';
import { schedulesOf } from '@shop/contracts';
import { notificationsEntities, NotificationsModule } from '@shop/notifications';
import { OrdersUpkeepModule } from '@shop/orders';
import { OrderCountingModule } from '@shop/recommendations';
import { ReportsModule } from '@shop/reports';
import { EmailChangesUpkeepModule, EmailSweepModule } from '@shop/users';
import { WarehouseModule, warehouseOptionsOf } from '@shop/warehouse';
import { AccountEmailProcessor } from './processors/account-email.processor.js';
import { AnalyticsProcessor } from './processors/analytics.processor.js';
import { CacheInvalidationProcessor } from './processors/cache-invalidation.processor.js';
import { EmailProcessor } from './processors/email.processor.js';
import { InventoryProcessor } from './processors/inventory.processor.js';
import { JobScope } from './processors/job-scope.js';
import { OrderIndexProcessor } from './processors/order-index.processor.js';
import { RecommendationsProcessor } from './processors/recommendations.processor.js';
import { ReportEmailProcessor } from './processors/report-email.processor.js';
import { ReportProcessor } from './processors/report.processor.js';
import { WarehouseSyncProcessor } from './processors/warehouse-sync.processor.js';
import { config } from './worker.config.js';

/** One worker of a platform has the folder: the others leave its jobs to it. */
const warehouse = warehouseOptionsOf(config);

const reportChild = {
  entry: new URL('./children/report.child.js', import.meta.url),
  // Nothing of a report is held whole: its child collects early, and stays small.
  execArgv: ['--enable-source-maps', '--max-old-space-size=192', '--max-semi-space-size=4'],
  // Behind what callers and other jobs wait for, on a machine that has not enough for all: it may start late then.
  priority: 'low',
  startMs: 120_000,
} as const;

@Module({
  imports: [
    ...shopModules({
      service: 'worker',
      config,
      database: { entities: notificationsEntities },
      sharding: { migrates: {} },
      worker: {
        aroundJob: JobScope,
        schedules: schedulesOf(config),
        child: reportChild,
      },
    }),
    EmailSweepModule,
    EmailChangesUpkeepModule,
    OrdersUpkeepModule.forRoot({ keepIdempotencyKeysSeconds: config.IDEMPOTENCY_KEEP_HOURS * 3_600 }),
    AnalyticsModule.forRoot({ keepEventsSeconds: config.ANALYTICS_KEEP_DAYS * 86_400 }),
    OrderCountingModule,
    ReportsModule.forRoot({ cleans: true, retentionDays: config.REPORT_RETENTION_DAYS }),
    ...(warehouse ? [WarehouseModule.forRoot(warehouse)] : []),
    NotificationsModule.forRoot({
      smtpUrl: config.SMTP_URL,
      sender: config.MAIL_FROM,
      keepEmailsSeconds: config.MAIL_KEEP_DAYS * 86_400,
      mailCatcherUrl: config.MAIL_CATCHER_URL,
      // Where the jobs are: it evicts nothing, and without it there is no mail to send.
      limits: {
        redis: config.QUEUE_REDIS_URL,
        prefix: config.QUEUE_PREFIX,
        perSecond: config.MAIL_MOST_PER_SECOND,
        perRecipientHour: config.MAIL_MOST_PER_RECIPIENT_HOUR,
      },
    }),
  ],
  providers: [
    JobScope,
    InventoryProcessor,
    OrderIndexProcessor,
    EmailProcessor,
    CacheInvalidationProcessor,
    RecommendationsProcessor,
    ReportProcessor,
    ReportEmailProcessor,
    AccountEmailProcessor,
    AnalyticsProcessor,
    ...(warehouse ? [WarehouseSyncProcessor] : []),
  ],
})
export class WorkerModule {}
