import { Logger } from '@nestjs/common';
import type { CacheKey } from './cache-key.js';
import { AWAY, type L2Read, type LeaseCommands } from './lease-commands.js';
import type { PendingInvalidations } from './pending-invalidations.js';
import type { LeaseClient } from './redis-connection.js';
import type { StallDetector } from './stall-detector.js';

export type L2State = 'away' | 'recovering' | 'trusted';

export interface L2Health {
  /** The server answered a PING just now. */
  readonly up: boolean;
  readonly state: L2State;
  readonly pendingInvalidations: number;
}

const RECOVERY_BATCH = 500;
const RECOVERY_RETRY_MS = 250;

/**
 * The level in Redis.
 *
 * States: `away` (no connection; the start) → `recovering` (connected; the generation is being checked and pending
 * invalidations are being applied) → `trusted`. A lost connection leads to `away`; an invalidation that Redis did not
 * confirm leads to `recovering`. Outside `trusted` nothing is read from Redis and nothing filled.
 *
 * No method rejects because of Redis and none takes longer than the command timeout: what could not be done is in the
 * return value.
 */
export class RedisL2Store {
  private readonly logger = new Logger(RedisL2Store.name);
  private currentState: L2State = 'away';
  private isRecovering = false;
  private isClosed = false;
  private retryTimer: NodeJS.Timeout | undefined;
  /** Commands that failed or timed out while Redis was thought to be there. */
  errors = 0;
  /** Told when every stored value was voided. */
  onFlushed: () => void = () => {};

  constructor(
    private readonly client: LeaseClient,
    private readonly commands: LeaseCommands,
    private readonly pending: PendingInvalidations,
    private readonly stalls: StallDetector,
  ) {
    client.on('ready', () => this.startRecovery());
    client.on('close', () => this.becomeAway());
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
  async readOrLease(keys: readonly CacheKey[]): Promise<L2Read[]> {
    const reads = await this.attempt(() => this.commands.readOrLease(keys));
    return reads ?? keys.map(() => AWAY);
  }

  /** @returns whether it was stored: not when the lease is gone, nor while Redis is away. */
  async fill(key: CacheKey, token: string, bytes: Buffer, ttlMs: number): Promise<boolean> {
    return (await this.attempt(() => this.commands.fill(key, token, bytes, ttlMs))) ?? false;
  }

  /** Gives the lease back, so that the next caller need not wait for its end. */
  async release(key: CacheKey, token: string): Promise<void> {
    await this.attempt(() => this.commands.release(key, token));
  }

  /** Removes a record that cannot be decoded, so that the next read gets a lease. */
  async discard(key: CacheKey, bytes: Buffer): Promise<void> {
    await this.attempt(() => this.commands.discard(key, bytes));
  }

  /**
   * Stores at once and voids every fill under way.
   * @returns false when Redis did not confirm: then the key is owed an invalidation.
   */
  async put(key: CacheKey, bytes: Buffer, ttlMs: number): Promise<boolean> {
    if (await this.attempt(() => this.commands.put(key, bytes, ttlMs))) return true;
    this.owe([key]);
    return false;
  }

  /** @returns false when Redis did not confirm: the keys are remembered and applied before Redis is read again. */
  async invalidate(keys: readonly CacheKey[]): Promise<boolean> {
    if (keys.length === 0) return true;
    if (await this.attempt(() => this.commands.invalidate(keys))) return true;
    this.owe(keys);
    return false;
  }

  /** Asks the server itself. Never rejects. */
  async health(): Promise<L2Health> {
    const up = await this.client.ping().then(
      () => true,
      () => false,
    );
    return { up, state: this.currentState, pendingInvalidations: this.pending.size };
  }

  close(): void {
    this.isClosed = true;
    this.currentState = 'away';
    clearTimeout(this.retryTimer);
    this.client.disconnect();
  }

  /** @returns undefined when Redis is not to be used, or failed; a server that hangs is dropped. */
  private async attempt<T>(send: () => Promise<T>): Promise<T | undefined> {
    if (!this.trusted) return undefined;
    try {
      const reply = await send();
      this.stalls.answered();
      return reply;
    } catch (error) {
      this.errors += 1;
      if (this.stalls.failed(error)) {
        this.becomeAway();
        this.client.disconnect(true);
      }
      return undefined;
    }
  }

  private owe(keys: readonly CacheKey[]): void {
    this.pending.add(keys);
    if (this.currentState === 'trusted') this.currentState = 'recovering';
    this.startRecovery();
  }

  private becomeAway(): void {
    if (this.currentState === 'away') return;
    this.logger.warn('Cache Redis is away: reads go to the loaders');
    this.currentState = 'away';
  }

  private startRecovery(): void {
    if (this.isRecovering || this.isClosed || this.client.status !== 'ready') return;
    this.isRecovering = true;
    this.currentState = 'recovering';
    clearTimeout(this.retryTimer);
    this.recover().catch(() => {
      this.errors += 1;
      this.isRecovering = false;
      this.retryTimer = setTimeout(() => this.startRecovery(), RECOVERY_RETRY_MS).unref();
    });
  }

  private async recover(): Promise<void> {
    const isFlushed = await this.commands.attach();
    if (isFlushed) this.onFlushed();
    while (!this.pending.isEmpty) {
      const batch = this.pending.take(RECOVERY_BATCH);
      try {
        if (batch.everything) await this.commands.flush();
        else await this.commands.invalidate(batch.keys);
      } catch (error) {
        this.pending.restore(batch);
        throw error;
      }
    }
    // The connection may have broken after the last answer; then it is taken up again after the next `ready`.
    if (this.client.status !== 'ready') throw new Error('The connection was lost while recovering.');
    // In one step with the look at the empty list: an invalidation that fails next starts another round.
    this.isRecovering = false;
    this.currentState = 'trusted';
    this.logger.log('Cache Redis is in use');
  }
}
