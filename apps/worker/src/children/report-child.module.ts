import { Module } from '@nestjs/common';
import { databaseOptionsOf, DbRoutingModule } from '@fourfold/db-routing';
import { ObjectStorageModule, objectStorageOptionsOf } from '@fourfold/object-storage';
import { ObservabilityModule } from '@fourfold/observability';
import { OutboxModule } from '@fourfold/outbox';
import { QueueModule } from '@fourfold/queue';
import { ReportsModule } from '@shop/reports';
import { ReportProcessor } from '../processors/report.processor.js';
import { config } from '../worker.config.js';

/** One job at a time: a page of rows, its progress, and a connection to spare. */
const CONNECTIONS = 3;

/** What a child process of the worker is made of: databases and files, and no Redis. */
@Module({
  imports: [
    ObservabilityModule.forRoot({ service: 'worker', logLevel: config.LOG_LEVEL }),
    DbRoutingModule.forRoot({
      ...databaseOptionsOf(config),
      entities: [],
      primaryConnections: CONNECTIONS,
      replicaConnections: CONNECTIONS,
    }),
    ObjectStorageModule.forRoot(objectStorageOptionsOf(config)),
    // Without a signal: the relay of the worker finds the message within its round.
    OutboxModule.forRoot({}),
    QueueModule.forChild(),
    ReportsModule.forRoot(),
  ],
  providers: [ReportProcessor],
})
export class ReportChildModule {}
