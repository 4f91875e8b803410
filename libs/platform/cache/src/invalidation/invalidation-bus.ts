import { Logger } from '@nestjs/common';
import { type Redis, ReplyError } from 'ioredis';
import type { InvalidationMessages, InvalidationTarget } from './invalidation-messages.js';
import type { PubSubRefusals } from './pubsub-refusals.js';

/** Looks in one heartbeat. An answer that this many looks have not found is taken for lost. */
const LOOKS = 4;

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
 * Redis has refused to subscribe, it asks again at each heartbeat.
 *
 * The heartbeat finds the connection that is dead without having been closed: two intervals bound how long an
 * invalidation can be missed unnoticed. Time is counted in looks, and each look comes after the sockets have been read:
 * a process that is busy for seconds has not been able to see the answer, and so has not missed it.
 */
export class InvalidationBus {
  private readonly logger = new Logger(InvalidationBus.name);
  private isLive = false;
  private isClosed = false;
  private heartbeat: NodeJS.Timeout | undefined;
  /** Since the last question was answered, and since the present one was asked. */
  private looksAtRest = 0;
  private looksAsking: number | undefined;
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
    const look = () => void setImmediate(() => this.look());
    this.heartbeat = setInterval(look, this.heartbeatMs / LOOKS).unref();
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
    this.ask(this.subscriber.subscribe(this.channel), () => this.goLive());
  }

  private look(): void {
    if (this.subscriber.status !== 'ready') return;
    if (this.looksAsking !== undefined) {
      this.looksAsking += 1;
      if (this.looksAsking >= LOOKS) this.reconnect();
      return;
    }
    this.looksAtRest += 1;
    if (this.looksAtRest < LOOKS) return;
    if (this.isLive) this.ask(this.subscriber.ping(), () => {});
    else this.subscribe();
  }

  private ask(question: Promise<unknown>, onAnswer: () => void): void {
    this.looksAsking = 0;
    this.looksAtRest = 0;
    question.then(
      () => {
        this.looksAsking = undefined;
        onAnswer();
      },
      (error: Error) => {
        this.looksAsking = undefined;
        // With a new connection the answer would be the same.
        if (!this.isLive && error instanceof ReplyError) this.refusals.note('SUBSCRIBE', error.message);
        else this.reconnect();
      },
    );
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
