import { Global, Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { Inbox } from './inbox.js';
import { OutboxPublisher } from './outbox.message.js';
import { OutboxMetrics } from './outbox.metrics.js';
import { defaultOutboxSettings, OUTBOX_SETTINGS, type OutboxSettings } from './outbox.settings.js';
import { LocalSignal, OutboxSignal } from './outbox.signal.js';
import { Outbox } from './outbox.js';
import { OutboxCleaner } from './relaying/outbox.cleaner.js';
import { OutboxGauges } from './relaying/outbox.gauges.js';
import { OutboxReconciler } from './relaying/outbox.reconciler.js';
import { OutboxRelay } from './relaying/outbox.relay.js';

export interface OutboxModuleOptions extends Partial<OutboxSettings> {
  /** Reaches relays in other processes; of a global module. Default: only the relay of the same process is nudged. */
  signal?: Type<OutboxSignal>;
}

export interface OutboxRelayOptions extends OutboxModuleOptions {
  /** The way to the queue; of a global module. */
  publisher: Type<OutboxPublisher>;
}

/** Needs TypeORM's `DataSource` of the database that holds the `outbox` table. */
@Global()
@Module({})
export class OutboxModule {
  /** For a process that writes messages or consumes them. */
  static forRoot(options: OutboxModuleOptions = {}): DynamicModule {
    return { module: OutboxModule, providers: providersOf(options), exports: [Outbox, Inbox, OutboxSignal] };
  }

  /** For a process that publishes them too. */
  static forRelay({ publisher, ...options }: OutboxRelayOptions): DynamicModule {
    return {
      module: OutboxModule,
      providers: [
        ...providersOf(options),
        OutboxMetrics,
        { provide: OutboxPublisher, useExisting: publisher },
        OutboxRelay,
        OutboxReconciler,
        OutboxCleaner,
        OutboxGauges,
      ],
      exports: [Outbox, Inbox, OutboxSignal, OutboxRelay],
    };
  }
}

function providersOf({ signal, ...settings }: OutboxModuleOptions): Provider[] {
  return [
    Outbox,
    Inbox,
    { provide: OUTBOX_SETTINGS, useValue: { ...defaultOutboxSettings, ...settings } },
    signal
      ? { provide: OutboxSignal, useExisting: signal }
      : { provide: OutboxSignal, useClass: LocalSignal },
  ];
}
