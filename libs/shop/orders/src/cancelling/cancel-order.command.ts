import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { inTransaction } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { type ShopQueue, StockKeeper, type StockLine } from '@shop/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { eventOf, orderEvents } from '../order-events.js';
import { orderCache } from '../orders.cache.js';
import { OrderNotCancellableError, OrderNotFoundError } from '../orders.errors.js';
import { linesOf, lockOrders, setStatus } from '../settling/locked-orders.js';
import { outcomeEmail } from '../settling/outcome-email.js';
import { owedInvalidation } from '../settling/owed-invalidation.js';

/** Cancels an order, and gives back exactly once what it had taken. */
@Injectable()
export class CancelOrder {
  private readonly cached = this.cache.namespace(orderCache);

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox<ShopQueue>,
    private readonly stock: StockKeeper,
    private readonly cache: MultiLevelCache,
  ) {}

  /**
   * An order that is cancelled already stays so, and that is no error: the caller may be repeating a request whose
   * answer was lost.
   * @throws OrderNotFoundError, OrderNotCancellableError
   */
  async execute(orderId: string): Promise<void> {
    await this.cache.invalidateAfter(async () => {
      // Held back until the transaction has ended, and done also when it fails: its COMMIT may have lost its answer alone.
      await this.cached.invalidate(orderId);
      await this.stock.changed(
        await inTransaction(this.dataSource, (manager) => this.cancel(manager, orderId)),
      );
    });
  }

  private async cancel(manager: EntityManager, orderId: string): Promise<StockLine[]> {
    const order = (await lockOrders(manager, [orderId])).get(orderId);
    if (!order) throw new OrderNotFoundError(orderId);
    if (order.status === 'cancelled') return [];
    if (order.status === 'rejected') throw new OrderNotCancellableError(orderId, order.status);
    await setStatus(manager, [order], 'cancelled');
    const cause = 'order-cancelled';
    const events = orderEvents('cancelled', [eventOf(order, 'cancelled', new Date())]);
    if (order.status === 'pending') {
      // Nothing was taken. This is how the order ends, so this is what its one e-mail says.
      await this.outbox.add(
        manager,
        outcomeEmail(order, 'cancelled'),
        owedInvalidation(cause, orderId),
        ...events,
      );
      return [];
    }
    const lines = (await linesOf(manager, [orderId]))(orderId);
    await this.stock.giveBack(manager, lines);
    const productIds = lines.map(({ productId }) => productId);
    await this.outbox.add(manager, owedInvalidation(cause, orderId, productIds), ...events);
    return lines;
  }
}
