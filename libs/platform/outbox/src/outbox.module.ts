import { checkedExtras } from '@fourfold/kernel';
import { ConfigurableModuleBuilder, Module, type Provider } from '@nestjs/common';
import { Inbox } from './inbox.js';
import { OutboxPublisher } from './outbox.message.js';
import { OutboxMetrics } from './outbox.metrics.js';
import {
  KNOWN_QUEUES,
  noExtras,
  outboxExtraSchemas,
  OUTBOX_SETTINGS,
  type OutboxModuleExtras,
  type OutboxModuleOptions,
  outboxSettings,
} from './outbox.options.js';
import { LocalSignal, OutboxSignal } from './outbox.signal.js';
import { Outbox } from './outbox.js';
import { DoneMessagesRetention, ProcessedMessagesRetention } from './relaying/outbox.retention.js';
import { OutboxGauges } from './relaying/outbox.gauges.js';
import { OutboxReconciler } from './relaying/outbox.reconciler.js';
import { OutboxRelay } from './relaying/outbox.relay.js';

const relaying: Provider[] = [
  OutboxMetrics,
  OutboxRelay,
  OutboxReconciler,
  OutboxGauges,
  DoneMessagesRetention,
  ProcessedMessagesRetention,
];

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<OutboxModuleOptions>()
  .setClassMethodName('forRoot')
  .setExtras<OutboxModuleExtras>(noExtras, (definition, { signal, publisher }) => ({
    ...definition,
    global: true,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: OutboxSignal,
        ...(signal ? { useExisting: signal } : { useClass: LocalSignal }),
      },
      ...(publisher ? [{ provide: OutboxPublisher, useExisting: publisher }, ...relaying] : []),
    ],
    exports: publisher ? [OutboxRelay] : [],
  }))
  .build();

/**
 * For a process that writes messages or consumes them, and with a `publisher` for one that relays them. Needs TypeORM's
 * `DataSource` of the database that holds the `outbox` table.
 */
@Module({
  providers: [
    Outbox,
    Inbox,
    {
      provide: OUTBOX_SETTINGS,
      inject: [MODULE_OPTIONS_TOKEN, { token: KNOWN_QUEUES, optional: true }],
      useFactory: outboxSettings,
    },
  ],
  exports: [Outbox, Inbox, OutboxSignal],
})
export class OutboxModule extends checkedExtras(
  'OutboxModule',
  ConfigurableModuleClass,
  outboxExtraSchemas,
) {}
