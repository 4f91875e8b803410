import { Injectable } from '@nestjs/common';
import { GroupCommit } from '@fourfold/db-routing';
import { carriedTrace } from '@fourfold/observability/tracing';
import { Outbox, type OutboxMessage } from '@fourfold/outbox';
import { inventoryQueue, type ShopQueue } from '@shop/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { indexMessage } from '../index-by-user/index-messages.js';
import { entryOf } from '../index-by-user/order.index.js';
import { eventOf, orderEvents } from '../order-events.js';
import type { OrderEntity } from '../schema/order.entity.js';
import { IdempotencyStore, type IdempotentRequest, keyTextOf } from './idempotency.store.js';
import type { PricedOrder } from './price-order.js';

const INSERT_ORDERS = `
  INSERT INTO orders
    (id, user_id, status, rejection_reason, total_minor, currency, shipping_address, version, created_at)
  VALUES ?
`;

const INSERT_ITEMS = `
  INSERT INTO order_items (order_id, product_id, line, quantity, unit_price_minor) VALUES ?
`;

/** An order that may be committed, and the answer to the request for it. */
export interface Placement extends PricedOrder {
  request: IdempotentRequest;
  responseBody: string;
}

/** With its request's trace: the transaction that many share has none of its own. */
type TracedPlacement = Placement & { trace: string | undefined };

/** `known`: the request's key has an answer already, and nothing was written. */
export type PlacementOutcome = 'placed' | 'known';

/** Commits orders, those that come at the same time in one transaction: four statements, however many they are. */
@Injectable()
export class OrderPlacements {
  private readonly commits: GroupCommit<TracedPlacement, PlacementOutcome>;

  constructor(
    dataSource: DataSource,
    private readonly idempotency: IdempotencyStore,
    private readonly outbox: Outbox<ShopQueue>,
  ) {
    this.commits = new GroupCommit(dataSource, {
      write: (manager, placements) => this.write(manager, placements),
      keyOf: ({ request }) => keyTextOf(request),
      weightOf: ({ items }) => items.length,
    });
  }

  /**
   * @throws the driver's duplicate-key error when this very order is there: the answer to its commit was lost; its
   *   lock-wait error while another process is about to answer the same key
   */
  commit(placement: Placement): Promise<PlacementOutcome> {
    return this.commits.run({ ...placement, trace: carriedTrace() });
  }

  private async write(
    manager: EntityManager,
    placements: readonly TracedPlacement[],
  ): Promise<PlacementOutcome[]> {
    const answered = placements.map(({ request, responseBody, order }) => ({
      request,
      responseBody,
      orderId: order.id,
    }));
    const own = await this.idempotency.remember(manager, answered);
    const placed = placements.filter(({ order }) => own.has(order.id));
    if (placed.length > 0) {
      await manager.query(INSERT_ORDERS, [placed.map(({ order }) => rowOf(order))]);
      await manager.query(INSERT_ITEMS, [placed.flatMap(({ items }) => items.map(itemRowOf))]);
      const events = placed.map(({ order }) => eventOf(order, 'placed', order.createdAt));
      await this.outbox.add(manager, ...placed.flatMap(messagesOf), ...orderEvents('placed', events));
    }
    return placements.map(({ order }) => (own.has(order.id) ? 'placed' : 'known'));
  }
}

function rowOf(order: OrderEntity): unknown[] {
  const { id, userId, status, rejectionReason, totalMinor, currency, shippingAddress, version } = order;
  return [
    id,
    userId,
    status,
    rejectionReason,
    totalMinor,
    currency,
    shippingAddress,
    version,
    order.createdAt,
  ];
}

function itemRowOf({ orderId, productId, line, quantity, unitPriceMinor }: PricedOrder['items'][number]) {
  return [orderId, productId, line, quantity, unitPriceMinor];
}

function messagesOf({ order, trace }: TracedPlacement): OutboxMessage<ShopQueue>[] {
  const { id } = order;
  return [
    { messageId: `order-placed:${id}`, queue: inventoryQueue.name, payload: { orderId: id }, trace },
    indexMessage(entryOf(order), trace, Date.now()),
  ];
}
