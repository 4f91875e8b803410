import { inTransaction } from '@fourfold/db-routing';
import { Inbox, Outbox, outboxMigrations } from '@fourfold/outbox';
import { type Basket, OrderBaskets } from '@shop/contracts';
import { type MigratedDatabase, migratedDatabase } from '@fourfold-tools/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { countBaskets } from '../counting/basket.counts.js';
import { CountOrders } from '../counting/count-orders.command.js';
import { CountingMetrics } from '../counting/counting.metrics.js';
import { PairStore } from '../counting/pair.store.js';
import { CreateBasketCounts1764600000800 } from '../migrations/create-basket-counts.migration.js';

/** What was ordered, as the test says; `orders` has tests of its own for how it finds that. */
class GivenBaskets extends OrderBaskets {
  readonly confirmedOrders = new Map<string, string[]>();

  async confirmed(_manager: EntityManager, orderIds: readonly string[]): Promise<Basket[]> {
    return orderIds.flatMap((orderId) => {
      const productIds = this.confirmedOrders.get(orderId);
      return productIds ? [{ orderId, productIds }] : [];
    });
  }

  async latestOf(): Promise<null> {
    return null;
  }
}

/** The counts on a real database, for the account that the apps have. */
export class CountsDatabase {
  readonly store = new PairStore(new CountingMetrics());
  private readonly baskets = new GivenBaskets();
  private readonly counting = new CountOrders(this.baskets, this.store, new CountingMetrics());

  private constructor(private readonly migrated: MigratedDatabase) {}

  static async start(): Promise<CountsDatabase> {
    const migrations = [...outboxMigrations, CreateBasketCounts1764600000800];
    return new CountsDatabase(await migratedDatabase({ migrations }));
  }

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  get rootUrl(): string {
    return this.migrated.database.rootUrl;
  }

  confirm(orderId: string, productIds: string[]): void {
    this.baskets.confirmedOrders.set(orderId, productIds);
  }

  /** Counts baskets in one transaction. */
  count(...baskets: string[][]): Promise<void> {
    return inTransaction(this.dataSource, (manager) => this.store.add(manager, countBaskets(baskets)));
  }

  /**
   * What a worker does with messages, each for the order of the same id.
   * @param counted called inside the transaction, once the orders are counted
   */
  worker(counted: (manager: EntityManager) => Promise<void> = async () => {}) {
    const inbox = new Inbox(this.dataSource, new Outbox());
    return inbox.together<{ messageId: string }, void>({
      consumer: 'recommendations',
      effect: async (manager, messages) => {
        await this.counting.execute(
          manager,
          messages.map(({ messageId }) => messageId),
        );
        await counted(manager);
        return messages.map(() => undefined);
      },
    });
  }

  /** The same without a record of what was processed. */
  countWithoutInbox(orderId: string): Promise<void> {
    return inTransaction(this.dataSource, (manager) => this.counting.execute(manager, [orderId]));
  }

  /** `a b` → orders with both. */
  async pairs(): Promise<Record<string, number>> {
    const rows = await this.dataSource.query<{ pair: string; orders: number }[]>(
      "SELECT CONCAT(product_id, ' ', other_id) AS pair, orders FROM basket_pairs",
    );
    return Object.fromEntries(rows.map(({ pair, orders }) => [pair, Number(orders)]));
  }

  async products(): Promise<Record<string, number>> {
    const rows = await this.dataSource.query<{ product_id: string; orders: number }[]>(
      'SELECT product_id, orders FROM basket_products',
    );
    return Object.fromEntries(rows.map((row) => [row.product_id, Number(row.orders)]));
  }

  async empty(): Promise<void> {
    for (const table of ['basket_pairs', 'basket_products', 'processed_messages'])
      await this.dataSource.query(`DELETE FROM ${table}`);
  }

  close(): Promise<void> {
    return this.migrated.close();
  }
}
