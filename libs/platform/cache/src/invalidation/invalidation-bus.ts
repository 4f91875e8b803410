import { Logger } from '@nestjs/common';
import { type Redis, ReplyError } from 'ioredis';
import type { InvalidationMessages, InvalidationTarget } from './invalidation-messages.js';
import type { PubSubRefusals } from './pubsub-refusals.js';

export interface InvalidationListener {
  onInvalidated(target: InvalidationTarget): void;
  /** Messages are heard from now on; any number may have been missed before. */
  onLive(): void;
  /** Messages are lost from now on. */
  onDown(): void;
}

/**
 * Hears what other processes invalidate, on a connection of its own.
 *
 * States: `down` (the start) ⇄ `live` (subscribed, and the last heartbeat was answered). Down with a connection, because
 * Redis has refused to subscribe, it asks again at each heartbeat. The heartbeat also finds the
 * connection that is dead without having been closed: one interval plus the command timeout bounds how long an
 * invalidation can be missed unnoticed.
 */
export class InvalidationBus {
  private readonly logger = new Logger(InvalidationBus.name);
  private isLive = false;
  private isClosed = false;
  private heartbeat: NodeJS.Timeout | undefined;
  /** Messages of other processes since the start. */
  received = 0;
  /** How often messages could be lost since the start. */
  losses = 0;

  constructor(
    private readonly subscriber: Redis,
    private readonly channel: string,
    private readonly messages: InvalidationMessages,
    private readonly listener: InvalidationListener,
    private readonly refusals: PubSubRefusals,
    private readonly heartbeatMs: number,
  ) {
    subscriber.on('ready', () => this.subscribe());
    subscriber.on('close', () => this.goDown());
    subscriber.on('message', (_channel: string, message: string) => this.hear(message));
    // Without a listener ioredis prints each failed attempt; the change of state is logged instead.
    subscriber.on('error', () => {});
  }

  get live(): boolean {
    return this.isLive;
  }

  /** Begins to connect; goes on trying for as long as it takes. */
  start(): void {
    this.subscriber.connect().catch(() => {});
    this.heartbeat = setInterval(() => this.beat(), this.heartbeatMs).unref();
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.heartbeat);
    this.subscriber.disconnect();
  }

  private hear(message: string): void {
    const target = this.messages.targetOf(message);
    if (target === undefined) return;
    this.received += 1;
    this.listener.onInvalidated(target);
  }

  private subscribe(): void {
    this.subscriber.subscribe(this.channel).then(
      () => this.goLive(),
      (error: Error) => {
        // With a new connection the answer would be the same.
        if (error instanceof ReplyError) this.refusals.note('SUBSCRIBE', error.message);
        else this.reconnect();
      },
    );
  }

  private beat(): void {
    if (this.isLive) this.subscriber.ping().catch(() => this.reconnect());
    else if (this.subscriber.status === 'ready') this.subscribe();
  }

  private reconnect(): void {
    this.goDown();
    if (!this.isClosed) this.subscriber.disconnect(true);
  }

  private goLive(): void {
    if (this.subscriber.status !== 'ready') return;
    this.isLive = true;
    this.listener.onLive();
  }

  private goDown(): void {
    if (!this.isLive) return;
    this.isLive = false;
    this.losses += 1;
    if (!this.isClosed) this.logger.warn('Invalidations of other processes are not heard: L1 is not served');
    this.listener.onDown();
  }
}
