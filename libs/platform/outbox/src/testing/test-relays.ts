import { OutboxMetrics } from '../outbox.metrics.js';
import { LocalSignal, type OutboxSignal } from '../outbox.signal.js';
import { OutboxReconciler } from '../relaying/outbox.reconciler.js';
import { OutboxRelay } from '../relaying/outbox.relay.js';
import type { MemoryPublisher } from './memory.publisher.js';
import type { OutboxDatabase } from './outbox-database.js';

/** Relays as separate processes would have them, stopped together. */
export class TestRelays {
  private readonly stops: (() => Promise<void>)[] = [];

  constructor(private readonly database: OutboxDatabase) {}

  start(publisher: MemoryPublisher, signal: OutboxSignal = new LocalSignal()): OutboxRelay {
    const { dataSource } = this.database;
    const relay = new OutboxRelay(dataSource, publisher, new OutboxMetrics(), signal);
    const reconciler = new OutboxReconciler(dataSource, publisher, signal);
    this.stops.push(
      () => relay.beforeApplicationShutdown(),
      () => reconciler.onApplicationShutdown(),
    );
    relay.onApplicationBootstrap();
    reconciler.onApplicationBootstrap();
    return relay;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.stops.splice(0).map((stop) => stop()));
  }
}
