import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BullModule } from '@nestjs/bull';
import type { AroundJob } from './around-job.js';
import { bullOptions } from './bull.options.js';
import { BullPublisher } from './bull.publisher.js';
import { NamelessWorkers } from './nameless-workers.js';
import { OutboxEpoch } from './outbox.epoch.js';
import { ProcessorHost } from './processor.host.js';
import { QueueCloser } from './queue.closer.js';
import { QueueConnections } from './queue.connections.js';
import type { QueueDefinition } from './queue.definition.js';
import { operatingProviders } from './operating/operating.providers.js';
import { QueueOperations } from './operating/queue.operations.js';
import { QueueViews } from './operating/queue.views.js';
import { WorkerHeartbeat } from './operating/worker.heartbeat.js';
import { AROUND_JOB, QUEUE_DEADLINES, type QueueDeadlines, type QueueRedis } from './queue.tokens.js';
import { RedisOutboxSignal } from './redis-outbox.signal.js';

export interface QueueClientOptions extends QueueRedis {
  /** What an operator sees. */
  queues: readonly QueueDefinition[];
}

export interface QueueModuleOptions {
  redisUrl: string;
  /** Before every key; in braces for Redis Cluster, e.g. `{fourfold}`. */
  prefix: string;
  queues: readonly QueueDefinition[];
  /** How long a publisher waits for Redis to confirm a batch. Default 5,000. */
  publishDeadlineMs?: number;
  /** How long jobs in hand get to finish when the process is told to stop. Default 15,000. */
  drainDeadlineMs?: number;
  /** A provider of any module; each job runs inside its `run`. Default: nothing around it. */
  aroundJob?: Type<AroundJob>;
}

const operating = [QueueOperations, QueueViews, RedisOutboxSignal];

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
        ...operatingProviders(queues, { redisUrl, prefix }, true),
        OutboxEpoch,
        BullPublisher,
        ProcessorHost,
        WorkerHeartbeat,
        NamelessWorkers,
        QueueCloser,
        { provide: QueueConnections, useValue: connections },
        { provide: AROUND_JOB, useValue: aroundJob ?? null },
        { provide: QUEUE_DEADLINES, useValue: { publishMs, drainMs } satisfies QueueDeadlines },
      ],
      exports: [BullPublisher, ...operating],
    };
  }

  /**
   * For a process that only sees to the queues and does without their Redis when it must: it starts without it, is
   * ready without it, and is told at once what can't be done. Nothing is published or worked off here.
   */
  static forClient({ redisUrl, prefix, queues }: QueueClientOptions): DynamicModule {
    return {
      module: QueueModule,
      providers: operatingProviders(queues, { redisUrl, prefix }, false),
      exports: operating,
    };
  }
}
