import { setImmediate as turn } from 'node:timers/promises';
import { PeriodicTask } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { type Redis, ReplyError } from 'ioredis';
import { type InvalidationTarget, targetsOf } from '../invalidation-target.js';
import type { PubSubRefusals } from '../l2/pubsub-refusals.js';

/** Looks in one heartbeat. */
const LOOKS = 4;

export interface InvalidationBusParts {
  readonly subscriber: Redis;
  readonly channel: string;
  /** Names this process among all. */
  readonly sender: string;
  readonly refusals: PubSubRefusals;
  readonly heartbeatMs: number;
  onInvalidated(target: InvalidationTarget): void;
  /** Messages are heard from now on, and any number may have been missed before; or they are lost from now on. */
  onStateChanged(): void;
}

/**
 * Hears what other processes invalidate, on a connection of its own.
 *
 * States: `down` (the start) ⇄ `live` (subscribed, and the last heartbeat was answered). Down with a connection, because
 * Redis has refused to subscribe, it asks again at each heartbeat.
 *
 * The heartbeat finds the connection that is dead without having been closed: two intervals bound how long an
 * invalidation can be missed unnoticed. Time is counted in looks, and each look comes after the sockets have been read: a
 * process that is busy for seconds has not been able to see the answer, and so has not missed it.
 */
export class InvalidationBus {
  private readonly logger = new Logger(InvalidationBus.name);
  private isLive = false;
  private isClosed = false;
  private readonly heartbeat: PeriodicTask;
  private isAsking = false;
  /** Since the present question was asked, or the last one answered. */
  private looks = 0;
  private heard = 0;
  private lost = 0;

  constructor(private readonly parts: InvalidationBusParts) {
    const { subscriber, heartbeatMs } = parts;
    this.heartbeat = new PeriodicTask({
      name: 'Heartbeat of the invalidation bus',
      everyMs: heartbeatMs / LOOKS,
      run: async () => {
        await turn();
        this.look();
      },
      log: this.logger,
    });
    subscriber.on('ready', () => this.subscribe());
    subscriber.on('close', () => this.goDown());
    subscriber.on('message', (_channel: string, message: string) => this.hear(message));
    // Without a listener ioredis prints each failed attempt; the change of state is logged instead.
    subscriber.on('error', () => {});
  }

  /** Messages of other processes since the start. */
  get received(): number {
    return this.heard;
  }

  /** How often messages could be lost since the start. */
  get losses(): number {
    return this.lost;
  }

  get live(): boolean {
    return this.isLive;
  }

  /** Begins to connect; goes on trying for as long as it takes. */
  start(): void {
    this.parts.subscriber.connect().catch(() => {});
    this.heartbeat.start();
  }

  close(): void {
    this.isClosed = true;
    void this.heartbeat.stop();
    this.parts.subscriber.disconnect();
  }

  private hear(message: string): void {
    const targets = targetsOf(this.parts.sender, message);
    if (targets.length === 0) return;
    this.heard += 1;
    for (const target of targets) this.parts.onInvalidated(target);
  }

  private subscribe(): void {
    const { subscriber, channel } = this.parts;
    this.ask(subscriber.subscribe(channel), () => this.goLive());
  }

  private look(): void {
    const { subscriber } = this.parts;
    if (subscriber.status !== 'ready') return;
    this.looks += 1;
    if (this.looks < LOOKS) return;
    if (this.isAsking) this.reconnect();
    else if (this.isLive) this.ask(subscriber.ping(), () => {});
    else this.subscribe();
  }

  private ask(question: Promise<unknown>, onAnswer: () => void): void {
    this.nowAsking(true);
    question.then(
      () => {
        this.nowAsking(false);
        onAnswer();
      },
      (error: Error) => {
        this.nowAsking(false);
        // With a new connection the answer would be the same.
        if (!this.isLive && error instanceof ReplyError) this.parts.refusals.note('SUBSCRIBE', error.message);
        else this.reconnect();
      },
    );
  }

  private nowAsking(isAsking: boolean): void {
    this.isAsking = isAsking;
    this.looks = 0;
  }

  private reconnect(): void {
    this.goDown();
    if (!this.isClosed) this.parts.subscriber.disconnect(true);
  }

  private goLive(): void {
    if (this.parts.subscriber.status !== 'ready') return;
    this.isLive = true;
    this.parts.onStateChanged();
  }

  private goDown(): void {
    if (!this.isLive) return;
    this.isLive = false;
    this.lost += 1;
    if (!this.isClosed) this.logger.warn('Invalidations of other processes are not heard: L1 is not served');
    this.parts.onStateChanged();
  }
}
