import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, fullRun, OpenLoop, topology } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import { openWork } from '../src/soak/open-work.js';

export const dependencies = ['primary', 'shard', 'mail', 'cache'] as const;
export type Dependency = (typeof dependencies)[number];

/** 30 orders a second; 10 in `npm test`, where other tests run beside it. */
const PACE = { each: fullRun ? 3 : 1, everyMs: 100 };
/** Enough for each of four shards to have some. */
const USERS = 12;
const STOCK = 1_000_000;
const ALL_IS_WELL_MS = 2_000;
/** Longer than the wait before a dead letter is delivered anew: without holding, that is what settles an order. */
const GIVE_UP_MS = 180_000;

const DEAD_LETTERS = 'SELECT COUNT(*) AS n FROM dead_letters';
const ORDERS = 'SELECT CAST(id AS CHAR) AS id FROM orders';
const SENT = "SELECT CAST(order_id AS CHAR) AS id FROM emails WHERE state = 'sent'";
const INDEXED = 'SELECT CAST(order_id AS CHAR) AS id FROM user_orders';

export interface OutageReport {
  /** Orders that were accepted before and during the outage, and those that were not. */
  accepted: number;
  refused: number;
  /** From the dependency's return, which is when the load ends, until nothing was open: no order pending, no message not done, no job. Milliseconds. */
  settledAfterMs: number;
  deadLetters: number;
  /** Attempts that a job has spent, over all queues. */
  failedAttempts: number;
  /** Orders that have no e-mail sent or no index row. */
  incomplete: number;
}

/** The whole platform, with each dependency of its processes behind an address that can be cut off. */
export class DependencyOutage {
  private constructor(
    private readonly platform: Platform,
    private readonly proxies: Readonly<Record<Dependency, FaultProxy>>,
    private readonly redis: Redis,
    private readonly userIds: readonly string[],
    private readonly productId: string,
  ) {}

  static async start(): Promise<DependencyOutage> {
    const { primary, shards, mail, redisCache, redisQueue } = topology();
    const proxies = {
      primary: await new FaultProxy(primary.appUrl).open(),
      shard: await new FaultProxy(shards[1]!.appUrl).open(),
      mail: await new FaultProxy(mail.smtpUrl).open(),
      cache: await new FaultProxy(redisCache.url).open(),
    };
    const moved = new Map([
      [primary.port, proxies.primary],
      [shards[1]!.port, proxies.shard],
      [mail.smtpPort, proxies.mail],
      [redisCache.port, proxies.cache],
    ]);
    const proxied = (env: Record<string, string>) => {
      const texts = Object.entries(env).map(([name, text]) => {
        for (const [port, proxy] of moved)
          text = text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${new URL(proxy.url).port}`);
        return [name, text] as const;
      });
      return Object.fromEntries(texts);
    };
    const platform = await startPlatform({ name: 'dependency', apiEnv: proxied, workerEnv: proxied });
    const { shop } = platform;
    const userIds = await Promise.all(Array.from({ length: USERS }, () => shop.user()));
    const productId = await shop.product(STOCK);
    return new DependencyOutage(platform, proxies, new Redis(redisQueue.url), userIds, productId);
  }

  /** Cuts the dependency off for so long, under load, and waits until everything has settled. Of `none`: the load alone. */
  async run(dependency: Dependency | 'none', outageMs: number): Promise<OutageReport> {
    const proxy = dependency === 'none' ? undefined : this.proxies[dependency];
    const [lettersBefore, failedBefore] = [await this.count(DEAD_LETTERS), await this.failedAttempts()];
    const orders = { accepted: 0, refused: 0 };
    const load = new OpenLoop(async () => {
      orders[(await this.placeOrder()) ? 'accepted' : 'refused'] += 1;
    }, PACE).start();
    await load.run(ALL_IS_WELL_MS);
    await proxy?.close();
    await load.run(outageMs);
    await proxy?.open();
    const returnedMs = performance.now();
    await load.stop();
    await eventually(() => this.isSettled(), { deadlineMs: GIVE_UP_MS, everyMs: 200 });
    return {
      ...orders,
      settledAfterMs: Math.round(performance.now() - returnedMs),
      deadLetters: (await this.count(DEAD_LETTERS)) - lettersBefore,
      failedAttempts: (await this.failedAttempts()) - failedBefore,
      incomplete: await this.incomplete(),
    };
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.platform.stop();
    for (const proxy of Object.values(this.proxies)) await proxy.close();
  }

  /** Tries once: an API whose primary is away refuses, and its caller may come again. @returns whether it was accepted */
  private async placeOrder(): Promise<boolean> {
    const userId = this.userIds[Math.floor(Math.random() * USERS)]!;
    const items = [{ productId: this.productId, quantity: 1 }];
    const { status, text } = await this.platform.shop.order(userId, items, randomUUID());
    if (status !== 201 && status !== 503) throw new Error(`An order was answered ${status}: ${text}`);
    return status === 201;
  }

  private async isSettled(): Promise<boolean> {
    const { pending, messages, jobs } = await openWork(this.platform, this.redis);
    return pending + messages + jobs === 0;
  }

  private async incomplete(): Promise<number> {
    const { primary, shards } = this.platform;
    const ids = async (pool: typeof primary, statement: string) => {
      const [rows] = await pool.query<RowDataPacket[]>(statement);
      return rows.map(({ id }) => String(id));
    };
    const indexed = await Promise.all(Object.values(shards).map((pool) => ids(pool, INDEXED)));
    const [inIndex, sent] = [new Set(indexed.flat()), new Set(await ids(primary, SENT))];
    return (await ids(primary, ORDERS)).filter((id) => !inIndex.has(id) || !sent.has(id)).length;
  }

  private async failedAttempts(): Promise<number> {
    const metrics = await this.platform.worker.metrics();
    const failed = metrics.matchAll(/^queue_jobs_total\{.*outcome="(?:failed|dead)".*\} (\d+)$/gm);
    return [...failed].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  private async count(statement: string): Promise<number> {
    const [rows] = await this.platform.primary.query<RowDataPacket[]>(statement);
    return Number(rows[0]!['n']);
  }
}
