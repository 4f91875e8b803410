import { PeriodicTask } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { InvalidationTarget } from '../invalidation-target.js';
import { CommandTimeoutError } from './command-deadline.js';
import type { LeaseCommands } from './lease-commands.js';
import type { PendingInvalidations } from './pending-invalidations.js';
import type { ServerInfo } from './server-info.js';
import type { StallBreaker } from './stall.breaker.js';

export type L2State = 'away' | 'recovering' | 'trusted';

export interface RedisAvailabilityParts {
  readonly client: Redis;
  readonly commands: LeaseCommands;
  readonly server: ServerInfo;
  readonly pending: PendingInvalidations;
  readonly breaker: StallBreaker;
  readonly namespaces: readonly string[];
  /** Called for what is void on return: it was written on another server than the one that is there now. */
  onInvalidated(target: InvalidationTarget): void;
  onStateChanged(): void;
}

const NOT_ASKED = Promise.resolve(undefined);
const RECOVERY_BATCH = 500;
/** Between two attempts to recover; while there is nothing to do, each is a look at the state. */
const RECOVERY_RETRY_MS = 250;
/** How often Redis is asked anew to publish what it has refused to. */
const PUBLISH_RETRY_MS = 1_000;

/**
 * Whether Redis is to be used, and what it is owed.
 *
 * States: `away` (no connection; the start) → `recovering` (connected; the generations are being checked and pending
 * invalidations applied) → `trusted`. A lost connection leads to `away`, and one on which commands stay unanswered is
 * dropped; an invalidation that Redis did not confirm leads to `recovering`. Outside `trusted` nothing is read from Redis and
 * nothing filled. An invalidation that Redis carried out and refused to publish is owed as well; it leaves the state as it
 * is, since no value in Redis is wrong.
 */
export class RedisAvailability {
  private readonly logger = new Logger('RedisL2Store');
  private readonly recovery: PeriodicTask;
  private current: L2State = 'away';
  private isClosed = false;
  private publishFromMs = 0;
  /** On their way to Redis, or refused in this round of recovery: they are owed until Redis has published them. */
  private inHand: InvalidationTarget[] = [];
  private failed = 0;

  constructor(private readonly parts: RedisAvailabilityParts) {
    const { client } = parts;
    this.recovery = new PeriodicTask({
      name: 'Recovery of the cache Redis',
      everyMs: RECOVERY_RETRY_MS,
      run: () => this.recover(),
      log: this.logger,
    });
    client.on('ready', () => this.recovery.wake());
    client.on('close', () => this.become('away'));
    // Without a listener ioredis prints each failed attempt; the change of state is logged instead.
    client.on('error', () => {});
  }

  get state(): L2State {
    return this.current;
  }

  /** Commands that failed or timed out while Redis was thought to be there. */
  get errors(): number {
    return this.failed;
  }

  /** Invalidations that Redis has not confirmed. */
  get owed(): number {
    return this.parts.pending.size + this.inHand.length;
  }

  /** Begins to connect; goes on trying for as long as it takes. */
  start(): void {
    this.parts.client.connect().catch(() => {});
    this.recovery.start();
  }

  close(): void {
    this.isClosed = true;
    this.current = 'away';
    void this.recovery.stop();
    this.parts.client.disconnect();
  }

  /** @returns undefined when Redis is not to be used, or failed. */
  attempt<T>(send: () => Promise<T>): Promise<T | undefined> {
    // Chained and not awaited: each read of Redis passes here.
    return this.current === 'trusted' ? send().then(this.noteReply, this.noteNone) : NOT_ASKED;
  }

  /** They are applied before Redis is read again. */
  owe(targets: readonly InvalidationTarget[]): void {
    this.parts.pending.add(targets);
    this.publishFromMs = 0;
    if (this.current === 'trusted') this.become('recovering');
    this.recovery.wake();
  }

  /** Redis has carried them out, and refused to publish them. */
  oweToOthers(targets: readonly InvalidationTarget[]): void {
    if (targets.length === 0) return;
    this.parts.pending.add(targets);
    this.publishFromMs = performance.now() + PUBLISH_RETRY_MS;
  }

  private readonly noteReply = <T>(reply: T): T => {
    const { breaker, commands } = this.parts;
    if (breaker.hasFailures) {
      breaker.success();
      void commands.giveBackForsaken();
    }
    return reply;
  };

  private readonly noteNone = (error: unknown): undefined => {
    // On the same connection it comes after what we have given up.
    void this.parts.commands.giveBackForsaken();
    this.noteFailure(error);
  };

  /** An error that Redis answers with (out of memory, no permission) is an answer. */
  private noteFailure(error: unknown): void {
    this.failed += 1;
    if (!(error instanceof CommandTimeoutError && this.parts.breaker.failure())) return;
    // The server hangs: from here on calls fail at once and not after a timeout each.
    this.become('away');
    if (!this.isClosed) this.parts.client.disconnect(true);
  }

  private become(state: L2State): void {
    if (this.isClosed || this.current === state) return;
    this.current = state;
    if (state === 'away') this.logger.warn('Cache Redis is away: reads go to the loaders');
    if (state === 'trusted') this.logger.log('Cache Redis is in use');
    this.parts.onStateChanged();
  }

  private async recover(): Promise<void> {
    const { client, breaker } = this.parts;
    const isWhole = this.current === 'trusted' && (this.owed === 0 || performance.now() < this.publishFromMs);
    if (isWhole || this.isClosed || client.status !== 'ready') return;
    if (this.current === 'away') this.become('recovering');
    try {
      await this.catchUp();
      breaker.success();
    } catch (error) {
      this.noteFailure(error);
      // It has been logged that Redis is away, and will be that it is in use again.
      this.logger.debug(`Recovery failed, retrying in ${RECOVERY_RETRY_MS} ms: ${String(error)}`);
    }
  }

  private async catchUp(): Promise<void> {
    const { client, commands, server, pending, namespaces } = this.parts;
    const { voided, unpublished } = await commands.attach(await server.runId(), namespaces);
    this.inHand = unpublished;
    for (const target of voided) this.parts.onInvalidated(target);
    await commands.giveBackForsaken();
    try {
      while (pending.size > 0) {
        const batch = pending.take(RECOVERY_BATCH);
        this.inHand.push(...batch);
        if (await commands.invalidate(batch)) this.inHand.length -= batch.length;
      }
      // The connection may have broken after the last answer; then it is taken up again after the next `ready`.
      if (client.status !== 'ready') throw new Error('The connection was lost while recovering.');
    } finally {
      // On success these are what Redis has refused to publish.
      this.oweToOthers(this.inHand);
      this.inHand = [];
    }
    // In one step with the look at the empty list: an invalidation that fails next starts another round.
    this.become('trusted');
  }
}
