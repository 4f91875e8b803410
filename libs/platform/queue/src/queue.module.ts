import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BullModule } from '@nestjs/bull';
import { DependencyProbes } from '@fourfold/kernel';
import { bullOptions } from './bull.options.js';
import { BullPublisher } from './bull.publisher.js';
import { ChildPool } from './children/child.pool.js';
import { DependencyHolds } from './holding/dependency.holds.js';
import type { AroundJob } from './processing/around-job.js';
import { JobRunner } from './processing/job.runner.js';
import { ProcessorHost } from './processing/processor.host.js';
import { Processors } from './processing/processors.js';
import { sweeping } from './dead-letters/sweeping.js';
import { NamelessWorkers } from './nameless-workers.js';
import { QueueCloser } from './queue.closer.js';
import { QueueConnections } from './queue.connections.js';
import type { QueueDefinition } from './queue.definition.js';
import { operatingProviders } from './operating/operating.providers.js';
import { QueueOperations } from './operating/queue.operations.js';
import { QueueViews } from './operating/queue.views.js';
import { WorkerHeartbeat } from './operating/worker.heartbeat.js';
import { OutboxEpoch } from './outbox.epoch.js';
import { AROUND_JOB, QUEUE_DEADLINES, type QueueDeadlines, type QueueRedis } from './queue.tokens.js';
import { RedisOutboxSignal } from './redis-outbox.signal.js';
import {
  type ChildOptions,
  longestStopMs,
  stopThisProcess,
  WORKER_OPTIONS,
  type WorkerOptions,
} from './worker.options.js';

export interface QueueClientOptions extends QueueRedis {
  /** What an operator sees. */
  queues: readonly QueueDefinition[];
}

export interface QueueModuleOptions extends Partial<Omit<WorkerOptions, 'child'>> {
  redisUrl: string;
  /** Before every key; in braces for Redis Cluster, e.g. `{fourfold}`. */
  prefix: string;
  queues: readonly QueueDefinition[];
  /** How long a publisher waits for Redis to confirm a batch. Default 5,000. */
  publishDeadlineMs?: number;
  /**
   * A connection of the queues on which Redis has left a command unanswered for this long is given up for a new one.
   * Milliseconds. Default 10,000.
   */
  silenceMs?: number;
  /** Default: `execArgv` as this process without its debugger's port, `maxJobs` 1,000, `maxRssBytes` 512 MiB, `startMs` 30,000. */
  child?: Pick<ChildOptions, 'entry'> & Partial<ChildOptions>;
  /**
   * Whether this process turns failed jobs into dead letters and delivers them anew when their time has come; one of
   * all processes must. Needs `OutboxModule` and TypeORM's `DataSource`. Default true.
   */
  sweepDeadLetters?: boolean;
  /** A provider of any module; each job runs inside its `run`. Default: nothing around it. */
  aroundJob?: Type<AroundJob>;
}

const MIB = 1_024 * 1_024;
const operating = [QueueOperations, QueueViews, RedisOutboxSignal];

/** Every queue the process publishes to; those with a `@ProcessorFor` class in it are worked off here too. */
@Global()
@Module({})
export class QueueModule {
  static forRoot(options: QueueModuleOptions): DynamicModule {
    const { redisUrl, prefix, queues, publishDeadlineMs: publishMs = 5_000, silenceMs = 10_000 } = options;
    const { aroundJob, sweepDeadLetters = true } = options;
    const connections = new QueueConnections(redisUrl, silenceMs);
    const worker = workerOptions(options);
    return {
      module: QueueModule,
      imports: [
        DiscoveryModule,
        BullModule.forRoot(bullOptions(connections, prefix, worker.lockMs)),
        BullModule.registerQueue(...queues.map(({ name }) => ({ name }))),
      ],
      providers: [
        ...operatingProviders(queues, { redisUrl, prefix }, true),
        OutboxEpoch,
        BullPublisher,
        Processors,
        ChildPool,
        DependencyProbes,
        DependencyHolds,
        JobRunner,
        ProcessorHost,
        WorkerHeartbeat,
        NamelessWorkers,
        QueueCloser,
        ...(sweepDeadLetters ? sweeping : []),
        { provide: QueueConnections, useValue: connections },
        { provide: AROUND_JOB, useValue: aroundJob ?? null },
        { provide: WORKER_OPTIONS, useValue: worker },
        { provide: QUEUE_DEADLINES, useValue: { publishMs } satisfies QueueDeadlines },
      ],
      exports: [BullPublisher, DependencyProbes, ...operating],
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

  /** For the script of a child process: the same `@ProcessorFor` classes, and no connection to any queue. */
  static forChild({ aroundJob }: Pick<QueueModuleOptions, 'aroundJob'> = {}): DynamicModule {
    return {
      module: QueueModule,
      imports: [DiscoveryModule],
      providers: [Processors, { provide: AROUND_JOB, useValue: aroundJob ?? null }],
    };
  }
}

/** A child that opened its parent's debugger port would not start. */
const execArgv = process.execArgv.filter((flag) => !flag.startsWith('--inspect'));

/** For what else the process has open, in milliseconds. */
const CLOSE_MS = 2_000;

function workerOptions({
  lockMs = 10_000,
  jobsAtOnce = 32,
  drainMs = 15_000,
  abortGraceMs = 3_000,
  onStuck = stopThisProcess(longestStopMs({ drainMs, abortGraceMs }) + CLOSE_MS),
  child,
}: QueueModuleOptions): WorkerOptions {
  return {
    lockMs,
    jobsAtOnce,
    drainMs,
    abortGraceMs,
    onStuck,
    child: child && { execArgv, maxJobs: 1_000, maxRssBytes: 512 * MIB, startMs: 30_000, ...child },
  };
}
