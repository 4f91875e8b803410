import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OutboxSignal } from '@fourfold/outbox';
import type { Redis } from 'ioredis';
import { OperatingConnection } from './operating/operating.connection.js';
import { QueueMetrics } from './queue.metrics.js';
import { InjectQueueRedis, type QueueRedis } from './queue.tokens.js';

/** At most one message in so many milliseconds: a relay that has been told needs not be told again at once. */
const GAP_MS = 3;
const HANDSHAKE_MS = 1_000;

/**
 * Reaches the relays of all processes, through the queue Redis.
 *
 * States of telling: idle → nudged → `due` (a message is going to be sent) → `sending` → idle, or due again when there
 * was a nudge meanwhile. So each nudge is followed by a message, many may share one, and no more than one waits for
 * Redis. While Redis is away messages are lost, and polling delivers.
 */
@Injectable()
export class RedisOutboxSignal extends OutboxSignal implements OnApplicationShutdown {
  private readonly channel: string;
  private readonly listeners = new Set<() => void>();
  private subscriber: Redis | undefined;
  private due: NodeJS.Timeout | undefined;
  private sending = false;
  private nudgedMeanwhile = false;
  private lastSentAtMs = -Infinity;
  private closed = false;

  constructor(
    private readonly connection: OperatingConnection,
    private readonly metrics: QueueMetrics,
    @InjectQueueRedis() private readonly redis: QueueRedis,
  ) {
    super();
    this.channel = `${redis.prefix}:outbox-nudge`;
  }

  nudge(): void {
    if (this.sending) this.nudgedMeanwhile = true;
    else if (this.due === undefined && !this.closed) this.schedule();
  }

  /**
   * Subscribes with a connection of its own at the first listener, and ends it with the last. Listeners are also called
   * each time the subscription is there (again): no listener heard what was said before.
   */
  onNudge(listener: () => void): () => void {
    this.listeners.add(listener);
    this.subscriber ??= this.subscribe();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.unsubscribe();
    };
  }

  onApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.due);
    this.unsubscribe();
  }

  private schedule(): void {
    const waitMs = Math.max(0, this.lastSentAtMs + GAP_MS - performance.now());
    this.due = setTimeout(() => void this.send(), waitMs);
  }

  private async send(): Promise<void> {
    this.due = undefined;
    this.sending = true;
    this.lastSentAtMs = performance.now();
    try {
      await this.connection.client.publish(this.channel, '');
      this.metrics.nudges.inc({ outcome: 'sent' });
    } catch {
      this.metrics.nudges.inc({ outcome: 'lost' });
    }
    this.sending = false;
    if (this.nudgedMeanwhile && !this.closed) this.schedule();
    this.nudgedMeanwhile = false;
  }

  private subscribe(): Redis {
    const client = this.redis.source.subscriber({ deadlineMs: HANDSHAKE_MS });
    client.on('message', () => this.tell());
    client.on('ready', () => {
      client.subscribe(this.channel).then(
        () => this.tell(),
        // The connection went meanwhile: the next one subscribes.
        () => {},
      );
    });
    client.connect().catch(() => {});
    return client;
  }

  private unsubscribe(): void {
    this.subscriber?.disconnect();
    this.subscriber = undefined;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
