import { Logger } from '@nestjs/common';
import { circuitBreaker, type CircuitBreakerPolicy, handleWhen } from 'cockatiel';
import type { Redis } from 'ioredis';
import type { CacheKey } from '../cache-key.js';
import type { InvalidationTarget } from '../invalidation/invalidation-messages.js';
import type { PendingInvalidations } from '../invalidation/pending-invalidations.js';
import { CommandTimeoutError } from './command.deadline.js';
import {
  AWAY,
  type Fill,
  type Hit,
  type L2Read,
  type LeaseCommands,
  type LeaseKey,
} from './lease-commands.js';
import type { L2Memory } from './l2-memory.js';
import type { L2Record } from './record.js';
import type { StallBreaker } from './stall.breaker.js';
import type { ServerInfo } from './server-info.js';

export type L2State = 'away' | 'recovering' | 'trusted';

export interface L2Health {
  /** The server answered a PING just now. */
  readonly up: boolean;
  readonly state: L2State;
  readonly pendingInvalidations: number;
}

export interface L2Listener {
  /** Voided on return: written on another server than the one that is there now. */
  onInvalidated(target: InvalidationTarget): void;
  onStateChanged(): void;
}

const RECOVERY_BATCH = 500;
const RECOVERY_RETRY_MS = 250;
/** How often Redis is asked anew to publish what it has refused to. */
const PUBLISH_RETRY_MS = 1_000;
/** How long a stalled server is left alone before one recovery is tried. */
const HALF_OPEN_AFTER_MS = 1_000;

/**
 * The level in Redis.
 *
 * States: `away` (no connection, or the circuit is open; the start) → `recovering` (connected; the generations are being
 * checked and pending invalidations applied) → `trusted`. A lost connection or an open circuit leads to `away`; an
 * invalidation that Redis did not confirm leads to `recovering`. Outside `trusted` nothing is read from Redis and nothing
 * filled. Recovery is also what the half-open circuit lets through. An invalidation that Redis carried out and refused to
 * publish is owed as well; it leaves the state as it is, since no value in Redis is wrong.
 *
 * No method rejects because of Redis and none takes longer than the command timeout: what could not be done is in the
 * return value.
 */
export class RedisL2Store {
  private readonly logger = new Logger(RedisL2Store.name);
  private readonly circuit: CircuitBreakerPolicy;
  private currentState: L2State = 'away';
  private isRecovering = false;
  private isClosed = false;
  private retryTimer: NodeJS.Timeout | undefined;
  /** Commands that failed or timed out while Redis was thought to be there. */
  errors = 0;

  constructor(
    private readonly client: Redis,
    private readonly commands: LeaseCommands,
    private readonly server: ServerInfo,
    private readonly pending: PendingInvalidations,
    private readonly namespaces: readonly string[],
    private readonly breaker: StallBreaker,
    private readonly listener: L2Listener,
  ) {
    // An error that Redis answers with (out of memory, no permission) is an answer.
    const unanswered = handleWhen((error) => error instanceof CommandTimeoutError);
    this.circuit = circuitBreaker(unanswered, { breaker, halfOpenAfter: HALF_OPEN_AFTER_MS });
    this.circuit.onBreak(() => this.drop());
    client.on('ready', () => this.startRecovery());
    client.on('close', () => this.become('away'));
    // Without a listener ioredis prints each failed attempt; the change of state is logged instead.
    client.on('error', () => {});
  }

  get state(): L2State {
    return this.currentState;
  }

  get trusted(): boolean {
    return this.currentState === 'trusted';
  }

  get pendingInvalidations(): number {
    return this.pending.size;
  }

  /** Begins to connect; goes on trying for as long as it takes. */
  start(): void {
    this.client.connect().catch(() => {});
  }

  /** One round trip for any number of keys. The answers are in the order of `keys`. */
  async readOrLease(keys: readonly LeaseKey[]): Promise<L2Read[]> {
    if (keys.length === 1) return [await this.readOne(keys[0]!)];
    return Promise.all(this.together(() => keys.map((key) => this.readOne(key))));
  }

  /** What `work` sends before it first waits goes out in one write. */
  together<T>(work: () => T): T {
    return this.commands.together(work);
  }

  /** A plain read, for `hitOf`. @returns nothing when nothing is there, or Redis is away. */
  get(key: CacheKey): Promise<Buffer | null | undefined> {
    return this.attempt(() => this.commands.get(key));
  }

  /** @returns undefined when `readOrLease` has to be asked, which is always right to do. */
  hitOf(bytes: Buffer, generation: Buffer): Hit | undefined {
    return this.commands.hitOf(bytes, generation);
  }

  /** Without a lease: `busy` stands for "not there". */
  async peek(key: CacheKey): Promise<L2Read> {
    return (await this.attempt(() => this.commands.peek(key))) ?? AWAY;
  }

  /** @param share part of the TTL in which a value may be refreshed. */
  async leaseRefresh(keys: readonly LeaseKey[], share: number): Promise<L2Read[]> {
    const one = async (key: LeaseKey): Promise<L2Read> =>
      (await this.attempt(() => this.commands.leaseRefresh(key, share))) ?? AWAY;
    return Promise.all(this.together(() => keys.map(one)));
  }

  /** @returns whether it was stored: not when the lease is gone, nor while Redis is away. */
  async fill(key: LeaseKey, token: string, fill: Fill): Promise<boolean> {
    return (await this.attempt(() => this.commands.fill(key, token, fill))) ?? false;
  }

  /** Gives the lease back, so that the next caller need not wait for its end; after `afterMs`, if given. */
  async release(key: CacheKey, token: string, afterMs = 0): Promise<void> {
    await this.attempt(() => this.commands.release(key, token, afterMs));
  }

  /** Removes a record that cannot be decoded, so that the next read gets a lease. */
  async discard(key: CacheKey, record: L2Record): Promise<void> {
    await this.attempt(() => this.commands.discard(key, record));
  }

  /**
   * Invalidates the key, and takes the lease to store something else.
   * @returns undefined when Redis did not confirm: then the key is owed an invalidation.
   */
  async replace(key: LeaseKey): Promise<string | undefined> {
    const reply = await this.attempt(async () => ({ token: await this.commands.replace(key) }));
    if (reply === undefined) this.owe([key.key]);
    else if (reply.token === undefined) this.oweToOthers([key.key]);
    return reply?.token;
  }

  /**
   * @returns false when Redis did not confirm: they are remembered and applied before Redis is read again. Also when it
   *   refused to publish them, which is tried until it does.
   */
  async invalidate(targets: readonly InvalidationTarget[]): Promise<boolean> {
    if (targets.length === 0) return true;
    const unpublished = await this.attempt(() => this.commands.invalidate(targets));
    if (unpublished === undefined) this.owe(targets);
    else if (unpublished.length > 0) this.oweToOthers(unpublished);
    return unpublished?.length === 0;
  }

  tagsOf(record: L2Record): readonly string[] {
    return record.tagKeys.length === 0 ? record.tagKeys : this.commands.tagsOf(record);
  }

  /** Asks the server itself. Never rejects. */
  async health(): Promise<L2Health> {
    const up = await this.server.ping().then(
      () => true,
      () => false,
    );
    return { up, state: this.currentState, pendingInvalidations: this.pending.size };
  }

  /** @throws Error while Redis is not in use, or is owed invalidations: those that it refuses to publish count too */
  async ask(): Promise<void> {
    if (!this.trusted) throw new Error(`the cache's Redis is ${this.currentState}`);
    if (!this.pending.isEmpty)
      throw new Error(`the cache's Redis is owed ${this.pending.size} invalidations`);
  }

  /** What the server's INFO says of its memory; undefined while it is away. */
  memory(): Promise<L2Memory | undefined> {
    return this.attempt(() => this.server.memory());
  }

  close(): void {
    this.isClosed = true;
    this.currentState = 'away';
    clearTimeout(this.retryTimer);
    this.client.disconnect();
  }

  private async readOne(key: LeaseKey): Promise<L2Read> {
    return (await this.attempt(() => this.commands.readOrLease(key))) ?? AWAY;
  }

  /**
   * The circuit hears of each failure, and of a success when it has heard of failures: of every one would cost a read 2%
   * of its time.
   * @returns undefined when Redis is not to be used, or failed.
   */
  private async attempt<T>(send: () => Promise<T>): Promise<T | undefined> {
    if (this.currentState !== 'trusted') return undefined;
    try {
      const reply = await send();
      if (this.breaker.hasFailures) {
        await this.circuit.execute(() => reply);
        void this.commands.giveBackForsaken();
      }
      return reply;
    } catch (error) {
      this.errors += 1;
      // On the same connection it comes after what we have given up.
      void this.commands.giveBackForsaken();
      await this.circuit.execute(() => Promise.reject(error as Error)).catch(() => {});
      return undefined;
    }
  }

  private owe(targets: readonly InvalidationTarget[]): void {
    this.pending.add(targets);
    if (this.currentState === 'trusted') this.become('recovering');
    this.startRecovery();
  }

  private oweToOthers(targets: readonly InvalidationTarget[]): void {
    this.pending.add(targets);
    if (this.isRecovering || this.isClosed) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.startRecovery(), PUBLISH_RETRY_MS).unref();
  }

  /** A server that hangs: from here on calls fail at once and not after a timeout each. */
  private drop(): void {
    this.become('away');
    if (!this.isClosed) this.client.disconnect(true);
  }

  private become(state: L2State): void {
    if (this.isClosed || this.currentState === state) return;
    this.currentState = state;
    if (state === 'away') this.logger.warn('Cache Redis is away: reads go to the loaders');
    if (state === 'trusted') this.logger.log('Cache Redis is in use');
    this.listener.onStateChanged();
  }

  private startRecovery(): void {
    if (this.isRecovering || this.isClosed || this.client.status !== 'ready') return;
    this.isRecovering = true;
    if (this.currentState === 'away') this.become('recovering');
    clearTimeout(this.retryTimer);
    this.circuit
      .execute(() => this.recover())
      .catch(() => {
        this.errors += 1;
        this.isRecovering = false;
        this.retryTimer = setTimeout(() => this.startRecovery(), RECOVERY_RETRY_MS).unref();
      });
  }

  private async recover(): Promise<void> {
    const runId = await this.server.runId();
    const { voided, unpublished } = await this.commands.attach(runId, this.namespaces);
    for (const target of voided) this.listener.onInvalidated(target);
    await this.commands.giveBackForsaken();
    try {
      while (!this.pending.isEmpty) unpublished.push(...(await this.applyPending()));
      // The connection may have broken after the last answer; then it is taken up again after the next `ready`.
      if (this.client.status !== 'ready') throw new Error('The connection was lost while recovering.');
    } catch (error) {
      this.pending.add(unpublished);
      throw error;
    }
    // In one step with the look at the empty list: an invalidation that fails next starts another round.
    this.isRecovering = false;
    this.become('trusted');
    if (unpublished.length > 0) this.oweToOthers(unpublished);
  }

  /** @returns those that Redis has refused to publish. */
  private async applyPending(): Promise<InvalidationTarget[]> {
    const batch = this.pending.take(RECOVERY_BATCH);
    try {
      return await this.commands.invalidate(batch);
    } catch (error) {
      this.pending.add(batch);
      throw error;
    }
  }
}
