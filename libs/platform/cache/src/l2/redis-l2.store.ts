import type { CacheKey } from '../cache-key.js';
import type { InvalidationTarget } from '../invalidation-target.js';
import { AWAY, type Hit, type L2Read } from './l2-read.js';
import type { Fill, LeaseCommands } from './lease-commands.js';
import type { L2State, RedisAvailability } from './redis-availability.js';
import type { L2Record } from './record.js';
import type { L2Memory, ServerInfo } from './server-info.js';

export interface L2StoreParts {
  readonly redis: RedisAvailability;
  readonly commands: LeaseCommands;
  readonly server: ServerInfo;
}

interface Keyed {
  readonly key: CacheKey;
}

/**
 * The level in Redis. No method rejects because of Redis and none takes longer than the command timeout: what could not
 * be done is in the return value.
 */
export class RedisL2Store {
  constructor(private readonly parts: L2StoreParts) {}

  get state(): L2State {
    return this.parts.redis.state;
  }

  get trusted(): boolean {
    return this.parts.redis.state === 'trusted';
  }

  /** Commands that failed or timed out while Redis was thought to be there. */
  get errors(): number {
    return this.parts.redis.errors;
  }

  get pendingInvalidations(): number {
    return this.parts.redis.owed;
  }

  /**
   * The values of one namespace, or leases for what is not there: a look at all in one command, then a script for each
   * that the look does not answer. The answers are in the order of `keys`.
   * @param looksFirst false where the look most likely answers none
   */
  async readOrLease(keys: readonly Keyed[], looksFirst: boolean): Promise<L2Read[]> {
    const { redis, commands } = this.parts;
    let found: (Hit | undefined)[] = [];
    if (looksFirst) {
      const look = await redis.attempt(() => commands.look(keys));
      if (look === undefined) return keys.map(() => AWAY);
      found = commands.hitsOf(look);
      if (found.every((hit) => hit !== undefined)) return found;
    }
    const one = async ({ key }: Keyed, i: number): Promise<L2Read> =>
      found[i] ?? (await redis.attempt(() => commands.readOrLease(key))) ?? AWAY;
    return Promise.all(this.together(() => keys.map(one)));
  }

  /** What `work` sends before it first waits goes out in one write. */
  together<T>(work: () => T): T {
    return this.parts.commands.together(work);
  }

  /** Without a lease: `busy` stands for "not there". */
  async peek(key: CacheKey): Promise<L2Read> {
    return (await this.parts.redis.attempt(() => this.parts.commands.peek(key))) ?? AWAY;
  }

  /** @param share part of the TTL in which a value may be refreshed. */
  async leaseRefresh(keys: readonly Keyed[], share: number): Promise<L2Read[]> {
    const { redis, commands } = this.parts;
    const one = async ({ key }: Keyed): Promise<L2Read> =>
      (await redis.attempt(() => commands.leaseRefresh(key, share))) ?? AWAY;
    return Promise.all(this.together(() => keys.map(one)));
  }

  /** @returns whether it was stored: not when the lease is gone, nor while Redis is away. */
  async fill(key: CacheKey, token: string, fill: Fill): Promise<boolean> {
    return (await this.parts.redis.attempt(() => this.parts.commands.fill(key, token, fill))) ?? false;
  }

  /** Gives the lease back, so that the next caller need not wait for its end; after `afterMs`, if given. */
  async release(key: CacheKey, token: string, afterMs = 0): Promise<void> {
    await this.parts.redis.attempt(() => this.parts.commands.release(key, token, afterMs));
  }

  releaseAll(leases: readonly { key: CacheKey; token?: string }[], afterMs: number): void {
    this.together(() => {
      for (const { key, token } of leases) if (token !== undefined) void this.release(key, token, afterMs);
    });
  }

  /** Removes a record that cannot be decoded, so that the next read gets a lease. */
  async discard(key: CacheKey, record: L2Record): Promise<void> {
    await this.parts.redis.attempt(() => this.parts.commands.discard(key, record));
  }

  /**
   * Invalidates the key, and takes the lease to store something else.
   * @returns undefined when Redis did not confirm: then the key is owed an invalidation.
   */
  async replace(key: CacheKey): Promise<string | undefined> {
    const { redis, commands } = this.parts;
    const reply = await redis.attempt(async () => ({ token: await commands.replace(key) }));
    if (reply === undefined) redis.owe([key]);
    else if (reply.token === undefined) redis.oweToOthers([key]);
    return reply?.token;
  }

  /**
   * @returns false when Redis did not confirm: they are remembered and applied before Redis is read again. Also when it
   *   refused to publish them, which is tried until it does.
   */
  async invalidate(targets: readonly InvalidationTarget[]): Promise<boolean> {
    if (targets.length === 0) return true;
    const { redis, commands } = this.parts;
    const published = await redis.attempt(() => commands.invalidate(targets));
    if (published === undefined) redis.owe(targets);
    else if (!published) redis.oweToOthers(targets);
    return published === true;
  }

  /** @throws Error while Redis is not in use, or is owed invalidations: those that it refuses to publish count too */
  async ask(): Promise<void> {
    const { state, owed } = this.parts.redis;
    if (state !== 'trusted') throw new Error(`the cache's Redis is ${state}`);
    if (owed > 0) throw new Error(`the cache's Redis is owed ${owed} invalidations`);
  }

  /** What the server's INFO says of its memory; undefined while it is away. */
  memory(): Promise<L2Memory | undefined> {
    return this.parts.redis.attempt(() => this.parts.server.memory());
  }
}
