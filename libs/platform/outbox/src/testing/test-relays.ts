import { OutboxMetrics } from '../outbox.metrics.js';
import { OutboxRelay } from '../outbox.relay.js';
import { MemoryPublisher } from './memory.publisher.js';
import type { OutboxDatabase } from './outbox-database.js';

/** Relays as separate processes would have them, stopped together. */
export class TestRelays {
  private readonly relays: OutboxRelay[] = [];

  constructor(private readonly database: OutboxDatabase) {}

  start(publisher: MemoryPublisher): OutboxRelay {
    const relay = new OutboxRelay(this.database.dataSource, publisher, new OutboxMetrics());
    this.relays.push(relay);
    relay.onApplicationBootstrap();
    return relay;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.relays.splice(0).map((relay) => relay.beforeApplicationShutdown()));
  }
}
