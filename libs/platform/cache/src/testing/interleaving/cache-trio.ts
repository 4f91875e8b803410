import { eventually, type RedisServerFixture } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import type { CacheModuleOptions } from '../../cache.options.js';
import { freshPrefix, TestCaches } from '../test-caches.js';
import { type CacheUnderTest, naiveUnderTest, oursUnderTest } from './cache-under-test.js';
import { RedisLink } from './redis-link.js';

export const PROCESSES = 3;

/** Two steps more than Redis needs; several trios share one event loop. */
const POLL = { everyMs: 1, deadlineMs: 20_000 };

/**
 * Three processes with a link to Redis each, on a database of their own, and what watches them. It is used for many
 * histories, one at a time.
 */
export class CacheTrio {
  processes: readonly CacheUnderTest[] = [];
  private markers = 0;

  private constructor(
    readonly links: readonly RedisLink[],
    /** Past all links. */
    readonly redis: Redis,
    private readonly herald: (marker: string) => Promise<unknown>,
    private readonly viaLink: Redis,
    private readonly closing: (() => void)[],
  ) {}

  static async ofOurs(
    server: RedisServerFixture,
    database: number,
    options: Partial<CacheModuleOptions> = {},
  ): Promise<CacheTrio> {
    const prefix = freshPrefix();
    const caches = new TestCaches(`${server.url}/${database}`);
    // The herald is a process without a link. It says only markers, and the others never hear of it otherwise.
    const herald = await caches.open(prefix);
    const say = (marker: string) => herald.cache.invalidate('stock', marker);
    const trio = await CacheTrio.open(caches['redisUrl'], say, () => caches.closeAll());
    trio.processes = await Promise.all(
      trio.links.slice(0, PROCESSES).map(async ({ url }) => {
        return oursUnderTest(await caches.open(prefix, { ...options, redisUrl: url }));
      }),
    );
    return trio;
  }

  static async ofNaive(server: RedisServerFixture, database: number, hasL1: boolean): Promise<CacheTrio> {
    const clients: Redis[] = [];
    const close = () => clients.forEach((client) => client.disconnect());
    const trio = await CacheTrio.open(`${server.url}/${database}`, async () => 0, close);
    const prefix = freshPrefix();
    trio.processes = trio.links.slice(0, PROCESSES).map(({ url }) => {
      const client = plainClient(url);
      clients.push(client);
      return naiveUnderTest(client, prefix, hasL1);
    });
    return trio;
  }

  private static async open(
    url: string,
    herald: (marker: string) => Promise<unknown>,
    close: () => void,
  ): Promise<CacheTrio> {
    const links = await Promise.all(Array.from({ length: PROCESSES + 1 }, () => RedisLink.open(url)));
    const [redis, viaLink] = [plainClient(url), plainClient(links[PROCESSES]!.url)];
    const closing = [
      close,
      () => redis.disconnect(),
      () => viaLink.disconnect(),
      ...links.map((link) => () => link.close()),
    ];
    return new CacheTrio(links.slice(0, PROCESSES), redis, herald, viaLink, closing);
  }

  /** As long as a request takes that another process has sent just before, with its answer. */
  async roundTrip(): Promise<void> {
    await this.viaLink.ping();
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
    await this.herald(marker);
    await Promise.all(passed);
    // The messages are in the sockets; a round trip later they are in the caches.
    await this.roundTrip();
    return hearing;
  }

  async allInUse(): Promise<void> {
    await this.roundTrip();
    await eventually(() => this.processes.every(({ inUse }) => inUse), POLL);
  }

  async inUse(process: number): Promise<void> {
    await this.roundTrip();
    await eventually(() => this.processes[process]!.inUse, POLL);
  }

  heal(): void {
    for (const link of this.links) link.heal();
  }

  close(): void {
    for (const close of this.closing) close();
  }
}

function plainClient(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => 20 });
  client.on('error', () => {});
  return client;
}
