import { eventually, type RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { freshPrefix } from '../test-caches.js';
import type { CacheUnderTest } from './cache-under-test.js';
import { RedisLink } from './redis-link.js';
import type { Forbidden } from './steps.js';
import { type JoinTrio, plainClient, type TrioMembers } from './trio-members.js';

export const PROCESSES = 3;

const FORBIDDEN: Record<Forbidden, string[]> = {
  writing: ['-@write'],
  deleting: ['-del', '-unlink'],
  publishing: ['-publish', '-spublish'],
};

/** Several trios share one event loop, and what is waited for takes less than half a second on an idle one. */
const POLL = { everyMs: 1, deadlineMs: 20_000 };

/**
 * Three processes with a link and an account at Redis each, and what watches them. It is used for many histories, one
 * at a time.
 */
export class CacheTrio {
  private readonly limited = new Set<number>();
  private markers = 0;

  private constructor(
    private readonly prefix: string,
    private readonly members: TrioMembers,
    readonly links: readonly RedisLink[],
    private readonly accounts: readonly string[],
    /** Past all links. */
    private readonly redis: Redis,
    /** On a link of its own, without faults. */
    private readonly viaLink: { redis: Redis; link: RedisLink },
  ) {}

  static async open({ url }: RedisServerFixture, join: JoinTrio): Promise<CacheTrio> {
    // No prefix is the beginning of another one.
    const prefix = `${freshPrefix()}.`;
    const redis = plainClient(url);
    const accounts = Array.from({ length: PROCESSES }, (_, i) => `${prefix}${i}`);
    for (const account of accounts) {
      await redis.call('ACL', 'SETUSER', account, 'on', '>secret', '~*', '&*', '+@all');
    }
    const links = await Promise.all(
      accounts.map((account) => RedisLink.open(url.replace('//', `//${account}:secret@`))),
    );
    const members = await join(
      prefix,
      links.map((link) => link.url),
      url,
    );
    const link = await RedisLink.open(url);
    return new CacheTrio(prefix, members, links, accounts, redis, { redis: plainClient(link.url), link });
  }

  get processes(): readonly CacheUnderTest[] {
    return this.members.processes;
  }

  /** As long as a request takes that another process has sent just before, with its answer. */
  async roundTrip(): Promise<void> {
    await this.viaLink.redis.ping();
  }

  /**
   * A barrier: what was published before it has been heard by every process that can hear; one that cannot has noticed.
   * @returns the processes that are past it: all but those whose messages are held.
   */
  async hear(): Promise<number[]> {
    this.markers += 1;
    const marker = `marker-${this.markers}.`;
    const hearing = this.links.flatMap((link, i) => (link.isHolding('messages') ? [] : [i]));
    const passed = hearing.map((i) => this.links[i]!.passed(marker));
    await this.members.say(marker);
    await Promise.all(passed);
    // The messages are in the sockets; a round trip later they are in the caches.
    await this.roundTrip();
    return hearing;
  }

  /** What the caches have in Redis, their own bookkeeping too, in a lasting order. */
  async keys(): Promise<string[]> {
    return (await this.redis.keys(`${this.prefix}*`)).sort();
  }

  async evict(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.redis.unlink(...keys);
  }

  async inUse(processes: readonly CacheUnderTest[] = this.processes): Promise<void> {
    await this.roundTrip();
    await eventually(() => processes.every(({ inUse }) => inUse), POLL);
  }

  /** Commands of the process fail from now on, in the middle of a script too; its connections stand. */
  async forbid(process: number, what: Forbidden): Promise<void> {
    this.limited.add(process);
    await this.redis.call('ACL', 'SETUSER', this.accounts[process]!, ...FORBIDDEN[what]);
  }

  /** Ends every fault of the process; what it has to do by itself then is not waited for. */
  async heal(process: number): Promise<void> {
    this.links[process]!.heal();
    await this.restore(process);
  }

  /** The same, but a request that is late stays so. */
  async restore(process: number): Promise<void> {
    if (this.limited.delete(process)) {
      await this.redis.call('ACL', 'SETUSER', this.accounts[process]!, '+@all');
    }
    this.links[process]!.restore();
    await this.roundTrip();
  }

  async healAll(): Promise<void> {
    await Promise.all(this.links.map((_link, process) => this.heal(process)));
  }

  close(): void {
    this.members.close();
    this.redis.disconnect();
    this.viaLink.redis.disconnect();
    for (const link of [...this.links, this.viaLink.link]) link.close();
  }
}
