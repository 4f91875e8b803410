import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Inbox } from './inbox.js';
import { OutboxPublisher } from './outbox.message.js';
import { OutboxMetrics } from './outbox.metrics.js';
import { OutboxRelay } from './outbox.relay.js';
import { Outbox } from './outbox.js';

/** Needs TypeORM's `DataSource` of the database that holds the `outbox` table. */
@Global()
@Module({})
export class OutboxModule {
  /** For a process that writes messages or consumes them. */
  static forRoot(): DynamicModule {
    return { module: OutboxModule, providers: [Outbox, Inbox], exports: [Outbox, Inbox] };
  }

  /** For a process that publishes them too. `publisher` comes from a global module. */
  static forRelay(publisher: Type<OutboxPublisher>): DynamicModule {
    return {
      module: OutboxModule,
      providers: [
        Outbox,
        Inbox,
        OutboxMetrics,
        { provide: OutboxPublisher, useExisting: publisher },
        OutboxRelay,
      ],
      exports: [Outbox, Inbox, OutboxRelay],
    };
  }
}
