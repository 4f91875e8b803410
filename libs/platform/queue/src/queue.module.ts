import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BullModule } from '@nestjs/bull';
import type { AroundJob } from './around-job.js';
import { bullOptions } from './bull.options.js';
import { BullPublisher } from './bull.publisher.js';
import { sweeping } from './dead-letters/sweeping.js';
import { ProcessorHost } from './processor.host.js';
import { QueueCloser } from './queue.closer.js';
import { QueueConnections } from './queue.connections.js';
import type { QueueDefinition } from './queue.definition.js';
import { QueueDepthGauge } from './queue-depth.gauge.js';
import { QueueMetrics } from './queue.metrics.js';
import { AROUND_JOB, QUEUE_DEADLINES, QUEUE_DEFINITIONS, type QueueDeadlines } from './queue.tokens.js';

export interface QueueModuleOptions {
  redisUrl: string;
  /** Before every key; in braces for Redis Cluster, e.g. `{fourfold}`. */
  prefix: string;
  queues: readonly QueueDefinition[];
  /** How long a publisher waits for Redis to confirm a batch. Default 5,000. */
  publishDeadlineMs?: number;
  /** How long jobs in hand get to finish when the process is told to stop. Default 15,000. */
  drainDeadlineMs?: number;
  /**
   * Whether this process turns failed jobs into dead letters and delivers them anew when their time has come; one of
   * all processes must. Needs `OutboxModule` and TypeORM's `DataSource`. Default true.
   */
  sweepDeadLetters?: boolean;
  /** A provider of any module; each job runs inside its `run`. Default: nothing around it. */
  aroundJob?: Type<AroundJob>;
}

/** Every queue the process publishes to; those with a `@ProcessorFor` class in it are worked off here too. */
@Global()
@Module({})
export class QueueModule {
  static forRoot({
    redisUrl,
    prefix,
    queues,
    publishDeadlineMs: publishMs = 5_000,
    drainDeadlineMs: drainMs = 15_000,
    sweepDeadLetters = true,
    aroundJob,
  }: QueueModuleOptions): DynamicModule {
    const connections = new QueueConnections(redisUrl);
    return {
      module: QueueModule,
      imports: [
        DiscoveryModule,
        BullModule.forRoot(bullOptions(connections, prefix)),
        BullModule.registerQueue(...queues.map(({ name }) => ({ name }))),
      ],
      providers: [
        QueueMetrics,
        BullPublisher,
        ProcessorHost,
        QueueDepthGauge,
        QueueCloser,
        ...(sweepDeadLetters ? sweeping : []),
        { provide: QueueConnections, useValue: connections },
        { provide: QUEUE_DEFINITIONS, useValue: queues },
        { provide: AROUND_JOB, useValue: aroundJob ?? null },
        { provide: QUEUE_DEADLINES, useValue: { publishMs, drainMs } satisfies QueueDeadlines },
      ],
      exports: [BullPublisher],
    };
  }
}
