import { type DynamicModule, Module } from '@nestjs/common';
import type { QueueDefinition } from '../queue.definition.js';
import { QUEUE_DEFINITIONS } from '../queue.tokens.js';
import { BulkRedrive } from './bulk.redrive.js';
import { DeadLetters } from './dead-letters.js';
import { Redrive } from './redrive.js';

export interface DeadLettersModuleOptions {
  /** Every queue that workers work off: what was on another one can be looked at and discarded, not redriven. */
  queues: readonly QueueDefinition[];
}

/**
 * Dead letters for a process that operators talk to. It opens no connection to Redis. Needs `OutboxModule` and
 * TypeORM's `DataSource` of the database that has `outbox` and `dead_letters`.
 */
@Module({})
export class DeadLettersModule {
  static forRoot({ queues }: DeadLettersModuleOptions): DynamicModule {
    return {
      module: DeadLettersModule,
      providers: [{ provide: QUEUE_DEFINITIONS, useValue: queues }, Redrive, BulkRedrive, DeadLetters],
      exports: [DeadLetters],
    };
  }
}
