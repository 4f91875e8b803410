import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { inTransaction } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { StockKeeper, type StockLine } from '@shop/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { OrderNotCancellableError, OrderNotFoundError } from '../orders.errors.js';
import { linesOf, lockOrder, setStatus } from '../settling/locked-order.js';
import { outcomeEmail } from '../settling/outcome-email.js';
import { owedInvalidation } from '../settling/owed-invalidation.js';

/** Cancels an order, and gives back exactly once what it had taken. */
@Injectable()
export class CancelOrder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
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
      await this.cache.invalidate('order', orderId);
      await this.stock.changed(
        await inTransaction(this.dataSource, (manager) => this.cancel(manager, orderId)),
      );
    });
  }

  private async cancel(manager: EntityManager, orderId: string): Promise<StockLine[]> {
    const order = await lockOrder(manager, orderId);
    if (!order) throw new OrderNotFoundError(orderId);
    if (order.status === 'cancelled') return [];
    if (order.status === 'rejected') throw new OrderNotCancellableError(orderId, order.status);
    await setStatus(manager, order, 'cancelled');
    const cause = 'order-cancelled';
    if (order.status === 'pending') {
      // Nothing was taken. This is how the order ends, so this is what its one e-mail says.
      await this.outbox.add(manager, outcomeEmail(order, 'cancelled'), owedInvalidation(cause, orderId));
      return [];
    }
    const lines = await linesOf(manager, orderId);
    await this.stock.giveBack(manager, lines);
    const productIds = lines.map(({ productId }) => productId);
    await this.outbox.add(manager, owedInvalidation(cause, orderId, productIds));
    return lines;
  }
}
