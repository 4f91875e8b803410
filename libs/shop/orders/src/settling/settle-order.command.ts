import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { isDuplicateKey, usePrimary } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { StockKeeper, type StockLine } from '@shop/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { OrderMetrics, type SettledOutcome } from '../order.metrics.js';
import { linesOf, lockOrder, setStatus } from './locked-order.js';
import { outcomeEmail } from './outcome-email.js';
import { owedInvalidation } from './owed-invalidation.js';

const OUT_OF_STOCK = 'out_of_stock';

/** What one delivery of an order's message has done. */
export interface Settlement {
  /** What has moved. */
  lines: StockLine[];
  /** Missing where the order was cancelled before. */
  outcome?: SettledOutcome;
  acceptedAt: Date;
}

/** Takes a new order's stock, all of it or nothing, and says so: confirmed or rejected. */
@Injectable()
export class SettleOrder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly stock: StockKeeper,
    private readonly cache: MultiLevelCache,
    private readonly metrics: OrderMetrics,
  ) {}

  /** Once per order, in the transaction that settles it. */
  async settle(manager: EntityManager, orderId: string): Promise<Settlement> {
    const order = await lockOrder(manager, orderId);
    if (!order) throw new Error(`Order ${orderId} does not exist, but a message says that it was placed`);
    const acceptedAt = order.createdAt;
    if (order.status !== 'pending') return { lines: [], acceptedAt }; // cancelled meanwhile
    const lines = await linesOf(manager, orderId);
    const taken = await this.stock.take(manager, lines);
    const outcome = taken ? 'confirmed' : 'rejected';
    await setStatus(manager, order, outcome, taken ? null : OUT_OF_STOCK);
    await this.outbox.add(manager, outcomeEmail(order, outcome));
    return { lines, outcome, acceptedAt };
  }

  /**
   * Once the order is settled, however often: the caches are told. A process that settled it may have died before.
   * @param settlement what `settle` gave; `undefined` when that had happened before
   */
  async settled(orderId: string, settlement: Settlement | undefined): Promise<void> {
    if (settlement?.outcome) this.metrics.settled(settlement.outcome, settlement.acceptedAt);
    const lines = settlement?.lines ?? (await usePrimary(() => linesOf(this.dataSource.manager, orderId)));
    const outcomes = await Promise.all([this.cache.invalidate('order', orderId), this.stock.changed(lines)]);
    if (outcomes.some(({ deferred }) => deferred)) await this.owe(orderId, lines);
  }

  /** The cache could not be told, and this process may not live until it can: a message of its own will do it. */
  private async owe(orderId: string, lines: readonly StockLine[]): Promise<void> {
    const productIds = lines.map(({ productId }) => productId);
    try {
      await this.outbox.add(this.dataSource.manager, owedInvalidation('order-settled', orderId, productIds));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error; // owed since an earlier delivery
    }
  }
}
