import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { isDuplicateKey, usePrimary } from '@fourfold/db-routing';
import { Outbox, type OutboxMessage } from '@fourfold/outbox';
import { type ShopQueue, StockKeeper, type StockLine } from '@shop/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { eventOf, orderEvents } from '../order-events.js';
import { OrderMetrics, type SettledOutcome } from '../order.metrics.js';
import { orderCache } from '../orders.cache.js';
import { basketMessages } from './basket-message.js';
import { linesOf, type LockedOrder, lockOrders, setStatus } from './locked-orders.js';
import { outcomeEmail } from './outcome-email.js';
import { owedInvalidation } from './owed-invalidation.js';

const OUT_OF_STOCK = 'out_of_stock';

/** An order that a message says was placed. */
export interface PlacedMessage {
  readonly orderId: string;
  /** Of the message: what follows from it belongs there, and not to the trace of the transaction that many share. */
  readonly trace?: string | undefined;
}

/** What one delivery of an order's message has done. */
export interface Settlement {
  /** What has moved. */
  lines: StockLine[];
  /** Missing where the order was cancelled before. */
  outcome?: SettledOutcome;
  acceptedAt: Date;
}

/** Of one delivery. `settlement`: what `settle` gave; `undefined` when the order was settled before. */
export interface SettledOrder {
  readonly orderId: string;
  readonly settlement: Settlement | undefined;
}

/** Takes the stock of new orders, all of an order's or nothing, and says so: confirmed or rejected. */
@Injectable()
export class SettleOrders {
  private readonly cached = this.cache.namespace(orderCache);

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox<ShopQueue>,
    private readonly stock: StockKeeper,
    private readonly cache: MultiLevelCache,
    private readonly metrics: OrderMetrics,
  ) {}

  /**
   * Once per order, in the transaction that settles it and others. Of two that want the same units, the one that was
   * placed first has them. Eight statements, however many orders.
   * @returns of each message what it has done
   */
  async settle(manager: EntityManager, placed: readonly PlacedMessage[]): Promise<Settlement[]> {
    const orders = await lockOrders(
      manager,
      placed.map(({ orderId }) => orderId),
    );
    const missing = placed.find(({ orderId }) => !orders.has(orderId));
    if (missing)
      throw new Error(`Order ${missing.orderId} does not exist, but a message says that it was placed`);
    // The others were cancelled meanwhile.
    const pending = [...orders.values()].filter(({ status }) => status === 'pending');
    const outcomes = await this.outcomesOf(manager, pending);
    const settled = placed.map(({ orderId, trace }) => {
      const order = orders.get(orderId)!;
      return { order, trace, settlement: { ...outcomes.get(order), acceptedAt: order.createdAt } };
    });
    const now = new Date();
    await this.outbox.add(
      manager,
      ...settled.flatMap(({ order, trace, settlement: { outcome } }): OutboxMessage<ShopQueue>[] =>
        outcome ? [{ ...outcomeEmail(order, outcome), trace }] : [],
      ),
      ...basketMessages(
        settled.flatMap(({ order, settlement: { outcome } }) => (outcome === 'confirmed' ? [order.id] : [])),
        now.getTime(),
      ),
      ...orderEvents(
        'settled',
        settled.flatMap(({ order, settlement: { outcome } }) =>
          outcome ? [eventOf(order, outcome, now)] : [],
        ),
      ),
    );
    return settled.map(({ settlement }) => ({ lines: [], ...settlement }));
  }

  /**
   * Once orders are settled, however often: the caches are told. A process that settled them may have died before.
   */
  async settled(orders: readonly SettledOrder[]): Promise<void> {
    for (const { settlement } of orders)
      if (settlement?.outcome) this.metrics.settled(settlement.outcome, settlement.acceptedAt);
    const before = orders.flatMap(({ orderId, settlement }) => (settlement ? [] : [orderId]));
    const linesBefore = await usePrimary(() => linesOf(this.dataSource.manager, before));
    const changed = orders.map(({ orderId, settlement }) => {
      const lines = settlement?.lines ?? linesBefore(orderId);
      return { orderId, productIds: lines.map(({ productId }) => productId) };
    });
    const products = new Set(changed.flatMap(({ productIds }) => productIds));
    const told = await Promise.all([
      this.cached.invalidate(...changed.map(({ orderId }) => orderId)),
      this.stock.changed(Array.from(products, (productId) => ({ productId }))),
    ]);
    if (told.some(({ deferred }) => deferred)) await this.owe(changed);
  }

  private async outcomesOf(
    manager: EntityManager,
    pending: readonly LockedOrder[],
  ): Promise<Map<LockedOrder, Required<Pick<Settlement, 'lines' | 'outcome'>>>> {
    const lines = await linesOf(
      manager,
      pending.map(({ id }) => id),
    );
    const wanted = pending.map((order) => ({ order, lines: lines(order.id) }));
    const taken = await this.stock.take(
      manager,
      wanted.map((each) => each.lines),
    );
    const [confirmed, rejected] = [true, false].map((had) => pending.filter((_, at) => taken[at] === had));
    await setStatus(manager, confirmed!, 'confirmed');
    await setStatus(manager, rejected!, 'rejected', OUT_OF_STOCK);
    return new Map(
      wanted.map((each, at) => [
        each.order,
        { lines: each.lines, outcome: taken[at] ? 'confirmed' : 'rejected' },
      ]),
    );
  }

  /** The cache could not be told, and this process may not live until it can: a message of each order's own will do it. */
  private async owe(changed: readonly { orderId: string; productIds: readonly string[] }[]): Promise<void> {
    const messages = changed.map(({ orderId, productIds }) =>
      owedInvalidation('order-settled', orderId, productIds),
    );
    try {
      await this.outbox.add(this.dataSource.manager, ...messages);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Owed since an earlier delivery, at least one of them.
      if (changed.length > 1) for (const each of changed) await this.owe([each]);
    }
  }
}
