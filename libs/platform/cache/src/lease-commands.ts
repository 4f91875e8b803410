import { randomUUID } from 'node:crypto';
import type { CacheKey, RedisKeys } from './cache-key.js';
import type { InvalidationMessages } from './invalidation-bus.js';
import { GENERATION_LENGTH } from './lease.lua.js';
import type { LeaseClient, ReadReply } from './redis-connection.js';

export type L2Read =
  | { readonly kind: 'hit'; readonly bytes: Buffer; readonly ttlMs: number }
  | { readonly kind: 'lease'; readonly token: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'away' };

const BUSY: L2Read = { kind: 'busy' };
export const AWAY: L2Read = { kind: 'away' };

/** The lease scripts with their keys and arguments. Everything here rejects when Redis does not answer. */
export class LeaseCommands {
  private tokens = 0;

  constructor(
    private readonly client: LeaseClient,
    private readonly keys: RedisKeys,
    private readonly messages: InvalidationMessages,
    private readonly leaseMs: number,
  ) {}

  /** One round trip. A key whose own command failed reads as away. */
  async readOrLease(keys: readonly CacheKey[]): Promise<L2Read[]> {
    const tokens = keys.map(() => `${this.messages.sender}-${(this.tokens += 1)}`);
    if (keys.length === 1) {
      const reply = await this.client.leaseReadBuffer(...this.leased(keys[0]!), tokens[0]!, this.leaseMs);
      return [toRead(reply, tokens[0]!)];
    }
    const pipeline = this.pipeline();
    keys.forEach((key, i) => void pipeline.leaseReadBuffer(...this.leased(key), tokens[i]!, this.leaseMs));
    const replies = await execute(pipeline);
    return replies.map(([error, reply], i) => (error ? AWAY : toRead(reply as ReadReply, tokens[i]!)));
  }

  async fill(key: CacheKey, token: string, bytes: Buffer, ttlMs: number): Promise<boolean> {
    return (await this.client.leaseFill(...this.leased(key), token, bytes, ttlMs)) === 1;
  }

  async release(key: CacheKey, token: string): Promise<void> {
    await this.client.leaseRelease(...this.leased(key), token);
  }

  async discard(key: CacheKey, bytes: Buffer): Promise<void> {
    await this.client.leaseDiscard(this.keys.value(key), bytes);
  }

  async put(key: CacheKey, bytes: Buffer, ttlMs: number): Promise<true> {
    const message = this.messages.forKey(key);
    await this.client.leasePut(...this.leased(key), bytes, ttlMs, this.keys.channel, message);
    return true;
  }

  async invalidate(keys: readonly CacheKey[]): Promise<true> {
    const pipeline = this.pipeline();
    for (const key of keys) {
      const message = this.messages.forKey(key);
      void pipeline.leaseInvalidate(this.keys.value(key), this.keys.lease(key), this.keys.channel, message);
    }
    for (const [error] of await execute(pipeline)) {
      if (error) throw error;
    }
    return true;
  }

  /** @returns whether the server was another than the one the values were written on, and they are void now. */
  async attach(): Promise<boolean> {
    const runId = /^run_id:(\w+)/m.exec(await this.client.info('server'))?.[1];
    return this.renew(runId ?? '');
  }

  /** Voids every value and every lease. */
  async flush(): Promise<void> {
    await this.renew('');
  }

  private async renew(runId: string): Promise<boolean> {
    const { generation, runId: runKey, channel } = this.keys;
    const message = this.messages.forEverything();
    return (
      (await this.client.leaseAttach(generation, runKey, freshGeneration(), runId, channel, message)) === 1
    );
  }

  private leased(key: CacheKey): [string, string, string, string] {
    return [this.keys.value(key), this.keys.lease(key), this.keys.generation, freshGeneration()];
  }

  private pipeline(): LeaseClient {
    return this.client.pipeline() as unknown as LeaseClient;
  }
}

function toRead(reply: ReadReply, token: string): L2Read {
  if (reply[0] === 2) return { kind: 'lease', token };
  if (reply[0] === 0) return BUSY;
  return { kind: 'hit', bytes: reply[1].subarray(GENERATION_LENGTH), ttlMs: reply[2] };
}

async function execute(pipeline: unknown): Promise<[Error | null, unknown][]> {
  return (await (pipeline as ReturnType<LeaseClient['pipeline']>).exec()) ?? [];
}

/** Never used before: a generation that came back would bring its values back. A UUID's tail is random, and cheap. */
function freshGeneration(): string {
  return randomUUID().slice(-GENERATION_LENGTH);
}
