import { ConfigurableModuleBuilder, type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BullModule } from '@nestjs/bull';
import { checkedExtras, DependencyProbes } from '@fourfold/kernel';
import { KNOWN_QUEUES } from '@fourfold/outbox';
import { RedisSource } from '@fourfold/redis';
import { BullQueues } from './bull/bull-queues.js';
import { bullSettings } from './bull/bull-settings.js';
import { BullPublisher } from './bull.publisher.js';
import { ChildPool } from './children/child.pool.js';
import { deadLetterUpkeep } from './dead-letters/dead-letters.module.js';
import { DependencyHolds } from './holding/dependency-holds.js';
import { OperatingConnection } from './operating/operating.connection.js';
import { QueueGauges } from './operating/queue.gauges.js';
import { QueueOperations } from './operating/queue.operations.js';
import { QueueViews } from './operating/queue-views.js';
import { WorkerHeartbeat } from './operating/worker-heartbeat.js';
import { OutboxEpoch } from './outbox-epoch.js';
import { JobRunner } from './processing/job.runner.js';
import { ProcessorHost } from './processing/processor.host.js';
import { Processors } from './processors/processors.js';
import { QueueConnections } from './bull/queue.connections.js';
import { ScheduleKeeper } from './schedules/schedule.keeper.js';
import { ScheduledRuns } from './schedules/scheduled-runs.js';
import { QueueMetrics } from './queue.metrics.js';
import {
  noExtras,
  queueExtras,
  queueExtraSchemas,
  type QueueModuleExtras,
  type QueueModuleOptions,
  type QueueSettings,
  queueSettings,
} from './queue.options.js';
import {
  AROUND_JOB,
  QUEUE_DEFINITIONS,
  QUEUE_REDIS,
  QUEUE_SETTINGS,
  type QueueRedis,
} from './queue.tokens.js';
import { RedisOutboxSignal } from './redis-outbox.signal.js';

/** Bull's configuration is global by a key: an application may have one of its own beside it. */
const CONFIG_KEY = '@fourfold/queue';

const worker: Provider[] = [
  {
    provide: QueueConnections,
    inject: [QUEUE_REDIS, QUEUE_SETTINGS],
    useFactory: ({ source }: QueueRedis, { silenceMs }: QueueSettings) =>
      new QueueConnections(source, silenceMs),
  },
  BullQueues,
  OutboxEpoch,
  BullPublisher,
  Processors,
  ChildPool,
  DependencyProbes,
  DependencyHolds,
  ScheduledRuns,
  ScheduleKeeper,
  JobRunner,
  ProcessorHost,
  WorkerHeartbeat,
];

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<QueueModuleOptions>()
  .setClassMethodName('forRoot')
  .setExtras<QueueModuleExtras>(noExtras, (definition, extras): DynamicModule => {
    const { queues, role, sweepDeadLetters, aroundJob } = queueExtras(extras);
    const isWorker = role === 'worker';
    return {
      ...definition,
      global: true,
      imports: [...(definition.imports ?? []), ...(isWorker ? bullModules(queues) : [])],
      providers: [
        ...(definition.providers ?? []),
        {
          provide: QUEUE_SETTINGS,
          inject: [MODULE_OPTIONS_TOKEN],
          useFactory: (options: unknown) => queueSettings(options, queues),
        },
        {
          provide: QUEUE_REDIS,
          inject: [QUEUE_SETTINGS],
          useFactory: async ({ redis, prefix }: QueueSettings): Promise<QueueRedis> => {
            const source = new RedisSource({ redis, prefix, option: 'redis (QUEUE_REDIS_URL)' });
            // Before anything connects: a process that does not start leaves nothing open.
            await source.check();
            return { source, prefix, required: isWorker };
          },
        },
        { provide: QUEUE_DEFINITIONS, useValue: queues },
        // So that the list of queues is given once: `OutboxModule` and `DeadLettersModule` take it from here.
        { provide: KNOWN_QUEUES, useValue: queues },
        { provide: AROUND_JOB, useValue: aroundJob },
        QueueMetrics,
        OperatingConnection,
        QueueGauges,
        QueueOperations,
        QueueViews,
        RedisOutboxSignal,
        ...(isWorker ? worker : []),
        ...(isWorker && sweepDeadLetters ? deadLetterUpkeep : []),
      ],
      exports: [
        KNOWN_QUEUES,
        QueueOperations,
        QueueViews,
        RedisOutboxSignal,
        ...(isWorker ? [QUEUE_SETTINGS, QueueConnections, BullPublisher, DependencyProbes] : []),
      ],
    };
  })
  .build();

function bullModules(queues: QueueModuleExtras['queues']): NonNullable<DynamicModule['imports']> {
  return [
    DiscoveryModule,
    BullModule.forRootAsync(CONFIG_KEY, {
      inject: [QueueConnections, QUEUE_SETTINGS],
      useFactory: (connections: QueueConnections, { prefix, lockMs }: QueueSettings) =>
        bullSettings(connections, prefix, lockMs),
    }),
    BullModule.registerQueue(...queues.map(({ name }) => ({ name, configKey: CONFIG_KEY }))),
  ];
}

/** The queues of a process: as a worker, which publishes messages and processes jobs, or as a client. */
@Module({})
export class QueueModule extends checkedExtras('QueueModule', ConfigurableModuleClass, queueExtraSchemas) {
  /** For the script of a child process: the same `@ProcessorFor` classes, and no connection to any queue. */
  static forChild({ aroundJob }: Pick<QueueModuleExtras, 'aroundJob'> = {}): DynamicModule {
    return {
      module: QueueModule,
      imports: [DiscoveryModule],
      providers: [Processors, { provide: AROUND_JOB, useValue: aroundJob ?? null }],
    };
  }
}
