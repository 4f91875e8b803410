import { type OrderBody, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, topology } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { AcceptedOrder } from '../src/oracle/evidence.js';
import { type Violation, violationsIn } from '../src/oracle/invariants.js';
import { readEvidence } from '../src/oracle/read-evidence.js';

const STOCK = 100;
/** For one of those who want it. */
const SCARCE_STOCK = 2;

/** Ten orders, settled, eight of them confirmed; and workers that stand still, so that none repairs what is planted. */
export class HealthyShop {
  readonly confirmed: OrderBody[] = [];
  readonly rejected: OrderBody[] = [];
  private readonly accepted: AcceptedOrder[] = [];
  private readonly stockAtStart = new Map<string, number>();

  private constructor(
    readonly platform: Platform,
    readonly redis: Redis,
  ) {}

  static async open(): Promise<HealthyShop> {
    const platform = await startPlatform({ name: 'oracle' });
    const shop = new HealthyShop(platform, new Redis(topology().redisQueue.url));
    await shop.fill();
    return shop;
  }

  async violations(): Promise<Violation[]> {
    const { platform, redis } = this;
    const evidence = await readEvidence({ ...platform, queueRedis: redis });
    return violationsIn(evidence, { stockAtStart: this.stockAtStart, accepted: this.accepted });
  }

  /** The shard of an order's user, and one that is not. */
  async shardsOf({ userId }: OrderBody): Promise<{ own: string; other: string }> {
    const names = Object.keys(this.platform.shards);
    const has = await Promise.all(
      names.map(async (name) => {
        const [found] = await this.platform.shards[name]!.query('SELECT id FROM users WHERE id = ?', [
          userId,
        ]);
        return (found as unknown[]).length > 0;
      }),
    );
    return { own: names[has.indexOf(true)]!, other: names[has.indexOf(false)]! };
  }

  async close(): Promise<void> {
    this.platform.worker.resume();
    this.redis.disconnect();
    await this.platform.stop();
  }

  private async fill(): Promise<void> {
    const { shop, worker } = this.platform;
    const users = await Promise.all([shop.user(), shop.user(), shop.user()]);
    const plenty = await this.product(STOCK);
    const scarce = await this.product(SCARCE_STOCK);
    // Placed together, before the worker takes the stock that all of them were shown.
    await this.platform.withoutWorker(async () => {
      for (let number = 0; number < 10; number++) {
        const [productId, quantity] = number < 3 ? [scarce, SCARCE_STOCK] : [plenty, number];
        await this.order(users[number % users.length]!, productId, quantity);
      }
    });
    for (const { orderId } of this.accepted) {
      const order = await shop.settled(orderId);
      (order.status === 'confirmed' ? this.confirmed : this.rejected).push(order);
    }
    await eventually(async () => (await this.violations()).length === 0, { deadlineMs: 30_000 });
    worker.pause();
  }

  private async product(stock: number): Promise<string> {
    const id = await this.platform.shop.product(stock);
    this.stockAtStart.set(id, stock);
    return id;
  }

  private async order(userId: string, productId: string, quantity: number): Promise<void> {
    const key = randomUUID();
    const { status, body, text } = await this.platform.shop.order(userId, [{ productId, quantity }], key);
    if (status !== 201) throw new Error(`An order was answered ${status}: ${text}`);
    this.accepted.push({ key, orderId: body.id, userId });
  }
}
