import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { Inbox, Outbox } from '@fourfold/outbox';
import { StockKeeper, type StockLine } from '@shop/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { linesOf, lockOrder, setStatus } from './locked-order.js';
import { outcomeEmail } from './outcome-email.js';

const CONSUMER = 'inventory';
const OUT_OF_STOCK = 'out_of_stock';

/** Takes a new order's stock, all of it or nothing, and says so: confirmed or rejected. Once per order. */
@Injectable()
export class SettleOrder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly inbox: Inbox,
    private readonly outbox: Outbox,
    private readonly stock: StockKeeper,
    private readonly cache: MultiLevelCache,
  ) {}

  async execute(orderId: string, messageId: string): Promise<void> {
    const settled = await this.inbox.once(CONSUMER, messageId, (manager) => this.settle(manager, orderId));
    // When it had happened before, the process that did it may have died before it came to this.
    const lines = settled ?? (await linesOf(this.dataSource.manager, orderId));
    await Promise.all([this.cache.invalidate('order', orderId), this.stock.changed(lines)]);
  }

  private async settle(manager: EntityManager, orderId: string): Promise<StockLine[]> {
    const order = await lockOrder(manager, orderId);
    if (!order) throw new Error(`Order ${orderId} does not exist, but a message says that it was placed`);
    if (order.status !== 'pending') return []; // cancelled meanwhile
    const lines = await linesOf(manager, orderId);
    const taken = await this.stock.take(manager, lines);
    const outcome = taken ? 'confirmed' : 'rejected';
    await setStatus(manager, order, outcome, taken ? null : OUT_OF_STOCK);
    await this.outbox.add(manager, outcomeEmail(order, outcome));
    return lines;
  }
}
