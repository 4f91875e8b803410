import { ConfigurableModuleBuilder, Module, type Provider } from '@nestjs/common';
import { checkedExtras, ConfigurationError, parseOptions } from '@fourfold/kernel';
import { KNOWN_QUEUES } from '@fourfold/outbox';
import { z } from 'zod';
import { type QueueDefinition, queuesSchema } from '../queue-definition.js';
import { QUEUE_DEFINITIONS } from '../queue.tokens.js';
import { AutoRedriveTask } from './auto-redrive.task.js';
import { DeadLetterMetrics, OpenLettersGauge } from './dead-letter.metrics.js';
import { DeadLetterOperations } from './dead-letter.operations.js';
import { DeadLetterRecorder } from './dead-letter.recorder.js';
import { DeadLetterSweeper } from './dead-letter.sweeper.js';
import { DeadLettersRetention } from './dead-letters.retention.js';
import { Redrive } from './redrive.js';

export interface DeadLettersModuleOptions {
  /**
   * Every queue that workers work off: what was on another one can be looked at and discarded, not redriven. Default:
   * those of `QueueModule`.
   */
  readonly queues?: readonly QueueDefinition[] | undefined;
}

const optionsSchema = z.strictObject({
  queues: queuesSchema.optional(),
});

function queuesOf(options: unknown, known?: readonly QueueDefinition[]): readonly QueueDefinition[] {
  const queues = parseOptions('DeadLettersModule', optionsSchema, options).queues ?? known;
  if (queues) return queues;
  const problem = 'queues: must be given where there is no QueueModule';
  throw new ConfigurationError('DeadLettersModule', [problem], 'options');
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<DeadLettersModuleOptions>().setClassMethodName('forRoot').build();

/**
 * Dead letters for a process that operators talk to. It opens no connection to Redis. Needs `OutboxModule` and
 * TypeORM's `DataSource` of the database that has `outbox` and `dead_letters`.
 */
@Module({
  providers: [
    {
      provide: QUEUE_DEFINITIONS,
      inject: [MODULE_OPTIONS_TOKEN, { token: KNOWN_QUEUES, optional: true }],
      useFactory: queuesOf,
    },
    Redrive,
    DeadLetterOperations,
  ],
  exports: [DeadLetterOperations],
})
export class DeadLettersModule extends checkedExtras('DeadLettersModule', ConfigurableModuleClass) {}

/** Of a worker that turns failed jobs into dead letters, and redrives them when their time has come. */
export const deadLetterUpkeep: Provider[] = [
  DeadLetterMetrics,
  OpenLettersGauge,
  DeadLetterRecorder,
  DeadLetterSweeper,
  Redrive,
  AutoRedriveTask,
  DeadLettersRetention,
];
