import { randomUUID } from 'node:crypto';
import {
  type AssembledCache,
  assembleCache,
  useCache,
  type MultiLevelCache,
  policiesOf,
} from '@fourfold/cache';
import { inTransaction } from '@fourfold/db-routing';
import { Inbox, Outbox, outboxMigrations } from '@fourfold/outbox';
import type { SnowflakeIds } from '@fourfold/sharding';
import { type AnalyticsJob, type BasketJob, gbp, StockKeeper, type StockLine } from '@shop/contracts';
import { eventually, type MigratedDatabase, migratedDatabase } from '@fourfold-tools/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { CancelOrder } from '../cancelling/cancel-order.command.js';
import type { OrderIndex } from '../index-by-user/order.index.js';
import { CreateOrders1764000000600 } from '../migrations/create-orders.migration.js';
import { KeysByAge1764400000600 } from '../migrations/keys-by-age.migration.js';
import { OrderLines1764300000600 } from '../migrations/order-lines.migration.js';
import { IdempotencyStore } from '../placing/idempotency.store.js';
import { OrderMetrics } from '../order.metrics.js';
import type { EncodedOrder, OrderView } from '../order.view.js';
import { bestSellersCache, orderCache, userOrdersCache } from '../orders.cache.js';
import { OrderPlacements } from '../placing/order.placements.js';
import { PlaceOrder } from '../placing/place-order.command.js';
import { OrderReader } from '../reading/order.reader.js';
import { RecentBestSellers } from '../reading/recent.best-sellers.js';
import { SqlOrderBaskets } from '../reading/sql.order-baskets.js';
import { OrderItemEntity } from '../schema/order-item.entity.js';
import { OrderEntity } from '../schema/order.entity.js';
import { type PlacedMessage, SettleOrders, type Settlement } from '../settling/settle-orders.command.js';

const FIRST_ORDER_ID = 1_000;
/** The one user who does not exist. */
export const NO_USER = '404';
const anyUser = {
  find: async (id: string) =>
    id === NO_USER ? null : { id, name: '', email: '', createdAt: '', version: 1 },
};
/** Every product is there, for a pound. The index is no concern of these tests. */
const catalogue = {
  stock: 1_000,
  async findMany(ids: readonly string[]) {
    const { stock } = this;
    return new Map(ids.map((id) => [id, { id, sku: id, name: id, price: gbp(100), stock }]));
  },
};
/** Without the version. */
const bodyOf = (order: EncodedOrder | null): OrderView | null =>
  order && (JSON.parse(order.body) as OrderView);

const noIndex = { recordSoon: async () => {} } as unknown as OrderIndex;

/** One shelf for every product, in the order's own database, so that it moves with the transaction. */
class Shelf extends StockKeeper {
  /** Called inside the transaction, once the order is locked. */
  onTake: () => Promise<void> = async () => {};

  constructor(private readonly cache: MultiLevelCache) {
    super();
  }

  async take(manager: EntityManager, orders: readonly (readonly StockLine[])[]): Promise<boolean[]> {
    await this.onTake();
    const [row] = await manager.query<{ units: number }[]>('SELECT units FROM shelf FOR UPDATE');
    let left = Number(row?.units);
    const taken = orders.map((lines) => {
      if (left < unitsOf(lines)) return false;
      left -= unitsOf(lines);
      return true;
    });
    const lines = orders.filter((_, at) => taken[at]).flat();
    await this.move(manager, lines, -1);
    return taken;
  }

  giveBack(manager: EntityManager, lines: readonly StockLine[]): Promise<void> {
    return this.move(manager, lines, 1);
  }

  changed(lines: readonly StockLine[]): Promise<{ deferred: boolean }> {
    return this.cache.invalidate('stock', ...lines.map(({ productId }) => productId));
  }

  private async move(manager: EntityManager, lines: readonly StockLine[], sign: 1 | -1): Promise<void> {
    await manager.query('UPDATE shelf SET units = units + ?', [sign * unitsOf(lines)]);
  }
}

function unitsOf(lines: readonly StockLine[]): number {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** The commands of the library on a real database, with a cache Redis that is there or not. */
export class OrdersDatabase {
  private readonly caches: AssembledCache[] = [];
  private lastId = FIRST_ORDER_ID;

  private constructor(private readonly migrated: MigratedDatabase) {}

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  static async start(): Promise<OrdersDatabase> {
    return new OrdersDatabase(
      await migratedDatabase({
        migrations: [
          ...outboxMigrations,
          CreateOrders1764000000600,
          OrderLines1764300000600,
          KeysByAge1764400000600,
        ],
        entities: [OrderEntity, OrderItemEntity],
        alsoRun: ['CREATE TABLE shelf (units INT NOT NULL)', 'INSERT INTO shelf VALUES (100)'],
      }),
    );
  }

  /** @param ids of new orders; default: `nextId` */
  async commands(cacheRedisUrl: string, ids?: SnowflakeIds) {
    const { cache } = await this.openCache(cacheRedisUrl);
    const [outbox, shelf] = [new Outbox(), new Shelf(cache)];
    const idempotency = new IdempotencyStore();
    const inbox = new Inbox(this.dataSource, outbox);
    const settle = new SettleOrders(this.dataSource, outbox, shelf, cache, new OrderMetrics());
    const settling = inbox.together<PlacedMessage & { messageId: string }, Settlement>({
      consumer: 'inventory',
      effect: (manager, placed) => settle.settle(manager, placed),
      afterwards: (processed) =>
        settle.settled(
          processed.map(({ message, result }) => ({ orderId: message.orderId, settlement: result })),
        ),
    });
    const reader = new OrderReader(this.dataSource, cache, noIndex);
    const products = Object.create(catalogue) as typeof catalogue;
    return {
      shelf,
      reader,
      /** What is in stock of each, as the catalogue says, can be set. */
      products,
      /** What the cache has of an order by itself, once it has it. */
      cachedOrder: async (id: string) =>
        bodyOf(await eventually(async () => (await cache.peek<EncodedOrder>('order', id))?.value ?? false)),
      /** As the API shows it; null where there is none. */
      show: async (id: string) => bodyOf(await reader.find(id)),
      place: new PlaceOrder(
        this.dataSource,
        anyUser,
        products,
        ids ?? ({ waitForId: async () => this.nextId() } as unknown as SnowflakeIds),
        new OrderPlacements(this.dataSource, idempotency, outbox),
        idempotency,
        noIndex,
        cache,
        new OrderMetrics(),
      ),
      settle: {
        /** As the worker does on a message. */
        execute: async (id: string, messageId: string): Promise<void> => {
          await settling.once({ messageId, orderId: id });
        },
        /** All in one transaction, as the messages of a group. */
        inOne: (ids: readonly string[]): Promise<Settlement[]> =>
          inTransaction(this.dataSource, (manager) =>
            settle.settle(
              manager,
              ids.map((orderId) => ({ orderId })),
            ),
          ),
      },
      cancel: new CancelOrder(this.dataSource, outbox, shelf, cache),
    };
  }

  nextId(): string {
    return String((this.lastId += 1));
  }

  /** What `nextId` will be. */
  upcomingId(): string {
    return String(this.lastId + 1);
  }

  /** A pending order of `quantity` units. */
  order(quantity: number): Promise<string> {
    return this.orderOf(['1'], quantity);
  }

  /** A pending order of `quantity` units of each of the products. */
  async orderOf(productIds: readonly string[], quantity = 1): Promise<string> {
    const id = this.nextId();
    await this.dataSource.manager.insert(OrderEntity, {
      id,
      userId: '7',
      status: 'pending',
      rejectionReason: null,
      totalMinor: 100,
      currency: 'GBP',
      shippingAddress: 'Here',
      version: 1,
      createdAt: new Date(),
    });
    const items = productIds.map((productId) => ({
      orderId: id,
      productId,
      line: 0,
      quantity,
      unitPriceMinor: 100,
    }));
    await this.dataSource.manager.insert(OrderItemEntity, items);
    return id;
  }

  async statusOf(id: string): Promise<string | undefined> {
    return (await this.row(id))?.status;
  }

  row(id: string): Promise<OrderEntity | null> {
    return this.dataSource.manager.findOneBy(OrderEntity, { id });
  }

  async shelfUnits(): Promise<number> {
    const [row] = await this.dataSource.query<{ units: number }[]>('SELECT units FROM shelf');
    return Number(row?.units);
  }

  /** Ids of the messages that follow from an order, in order. */
  async messagesAbout(id: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ msg_id: string }[]>(
      'SELECT msg_id FROM outbox WHERE msg_id LIKE ? ORDER BY msg_id',
      [`%:${id}%`],
    );
    return rows.map((row) => row.msg_id);
  }

  /** What the analytics log is told of these orders: one entry for each event in a message. */
  async eventsOf(ids: readonly string[]): Promise<string[]> {
    const rows = await this.dataSource.query<{ payload: string | object }[]>(
      "SELECT payload FROM outbox WHERE queue = 'analytics'",
    );
    const events = rows.flatMap(({ payload }) => {
      const read = typeof payload === 'string' ? (JSON.parse(payload) as object) : payload;
      return (read as AnalyticsJob).events;
    });
    return events
      .filter(({ orderId }) => ids.includes(orderId))
      .map(({ event, orderId }) => `${event} ${orderId}`);
  }

  /** Each order that recommendations are to be told of, as often as messages name it. */
  async countedLater(): Promise<string[]> {
    const rows = await this.dataSource.query<{ payload: string | object }[]>(
      "SELECT payload FROM outbox WHERE queue = 'recommendations'",
    );
    return rows.flatMap(({ payload }) => {
      const read = typeof payload === 'string' ? (JSON.parse(payload) as object) : payload;
      return (read as BasketJob).orderIds;
    });
  }

  /** What the e-mail about an order's outcome is to say. */
  async outcomeEmailOf(id: string): Promise<unknown> {
    const sql = 'SELECT payload FROM outbox WHERE msg_id = ?';
    const [row] = await this.dataSource.query<{ payload: unknown }[]>(sql, [`outcome-email:${id}`]);
    return typeof row?.payload === 'string' ? JSON.parse(row.payload) : row?.payload;
  }

  /** With a cache of its own, which is empty. */
  async bestSellers(cacheRedisUrl: string): Promise<RecentBestSellers> {
    const { cache } = await this.openCache(cacheRedisUrl);
    const bestSellers = new RecentBestSellers(this.dataSource);
    useCache(bestSellers, cache);
    return bestSellers;
  }

  /** With a cache of its own, and these ids as every user's index, the newest first. */
  async baskets(cacheRedisUrl: string, index: readonly string[]): Promise<SqlOrderBaskets> {
    const { cache } = await this.openCache(cacheRedisUrl);
    const page = async () => ({ items: [...index], nextCursor: null });
    return new SqlOrderBaskets(new OrderReader(this.dataSource, cache, { page } as unknown as OrderIndex));
  }

  async setStatus(id: string, status: OrderEntity['status']): Promise<void> {
    await this.dataSource.manager.update(OrderEntity, { id }, { status });
  }

  async close(): Promise<void> {
    for (const cache of this.caches) cache.close();
    await this.migrated.close();
  }

  /** Of its own, and empty. */
  async openCache(redisUrl: string): Promise<AssembledCache> {
    const namespaces = {
      ...policiesOf([orderCache, userOrdersCache, bestSellersCache]),
      stock: { ttlMs: 300_000 },
    };
    const cache = assembleCache({ redis: redisUrl, prefix: `t-${randomUUID()}`, namespaces });
    this.caches.push(cache);
    await cache.start();
    return cache;
  }
}
