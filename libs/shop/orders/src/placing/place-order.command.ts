import { Injectable, Logger } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { inTransaction, isDuplicateKey, isLockTimeout } from '@fourfold/db-routing';
import { annotateSpan } from '@fourfold/observability/tracing';
import { Outbox, type OutboxMessage } from '@fourfold/outbox';
import { SnowflakeIds } from '@fourfold/sharding';
import {
  type InventoryJob,
  inventoryQueue,
  type OrderIndexEntry,
  orderIndexQueue,
  ProductCatalogue,
  UserDirectory,
  UserNotFoundError,
} from '@shop/contracts';
import { DataSource } from 'typeorm';
import { OrderIndex } from '../index-by-user/order.index.js';
import { OrderMetrics } from '../order.metrics.js';
import { bodyOf, viewOf } from '../order.view.js';
import { IdempotencyInProgressError, IdempotencyKeyReusedError } from '../orders.errors.js';
import { OrderReader } from '../reading/order.reader.js';
import { OrderItemEntity } from '../schema/order-item.entity.js';
import { OrderEntity } from '../schema/order.entity.js';
import { IdempotencyStore, type IdempotentRequest, type RememberedAnswer } from './idempotency.store.js';
import type { PlaceOrderInput } from './place-order.schema.js';
import { priceOrder, type PricedOrder } from './price-order.js';

export interface PlaceOrderRequest extends IdempotentRequest {
  body: PlaceOrderInput;
}

export interface PlacedOrder {
  orderId: string;
  /** JSON, byte for byte the same each time the key is used again. */
  responseBody: string;
  replayed: boolean;
}

/** From an order form to an order that is safe: one transaction, and everything else follows from its messages. */
@Injectable()
export class PlaceOrder {
  private readonly logger = new Logger(PlaceOrder.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UserDirectory,
    private readonly products: ProductCatalogue,
    private readonly ids: SnowflakeIds,
    private readonly outbox: Outbox,
    private readonly idempotency: IdempotencyStore,
    private readonly index: OrderIndex,
    private readonly orders: OrderReader,
    private readonly cache: MultiLevelCache,
    private readonly metrics: OrderMetrics,
  ) {}

  /**
   * @throws UserNotFoundError, ProductNotFoundError, InsufficientStockError, OrderTooLargeError,
   *   IdempotencyKeyReusedError, IdempotencyInProgressError
   */
  async execute(request: PlaceOrderRequest): Promise<PlacedOrder> {
    // Before anything is checked: an order that was accepted stays accepted, even if its stock is gone by now.
    const earlier = await this.remembered(request);
    if (earlier) return this.replay(earlier);

    const { userId, items } = request.body;
    const [user, products] = await Promise.all([
      this.users.find(userId),
      this.products.findMany(items.map(({ productId }) => productId)),
    ]);
    if (!user) throw new UserNotFoundError(userId);
    const id = await this.ids.waitForId();
    const priced = priceOrder(id, request.body, products, new Date());
    const responseBody = JSON.stringify(bodyOf(viewOf(priced.order, priced.items)));
    try {
      await this.commit(request, priced, responseBody);
    } catch (error) {
      return this.replay(await this.winnerOf(request, error));
    }
    this.metrics.accepted.inc();
    annotateSpan({ 'order.id': priced.order.id });
    await this.settleIn(priced.order);
    return { orderId: priced.order.id, responseBody, replayed: false };
  }

  private async commit(
    request: PlaceOrderRequest,
    { order, items }: PricedOrder,
    responseBody: string,
  ): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      await this.idempotency.remember(manager, request, { orderId: order.id, responseBody });
      await manager.insert(OrderEntity, order);
      await manager.insert(OrderItemEntity, items);
      await this.outbox.add(manager, ...messagesOf(order));
    });
  }

  /** A request with the same key was quicker, or still is at it. */
  private async winnerOf(request: PlaceOrderRequest, error: unknown): Promise<RememberedAnswer> {
    if (isLockTimeout(error)) throw new IdempotencyInProgressError(error);
    const earlier = isDuplicateKey(error) ? await this.remembered(request) : null;
    if (!earlier) throw error;
    return earlier;
  }

  /** What makes the next reads quick. The queue does what fails here. */
  private async settleIn(order: OrderEntity): Promise<void> {
    await Promise.all([this.putIntoCache(order.id), this.index.recordSoon(entryOf(order))]);
  }

  /**
   * By a read and not by writing it through: the worker may have settled the order meanwhile, and what it is now must
   * not be overwritten by what it was.
   */
  private async putIntoCache(orderId: string): Promise<void> {
    await this.cache.invalidate('order', orderId); // a caller may have asked for this id before it existed
    void this.orders
      .find(orderId)
      .catch((error: unknown) =>
        this.logger.warn({ err: error, orderId }, 'A new order could not be put into the cache'),
      );
  }

  /** The process that placed it may have died before its invalidation; and this caller's token is to carry it. */
  private async replay({ orderId, responseBody, sameRequest }: RememberedAnswer): Promise<PlacedOrder> {
    if (!sameRequest) throw new IdempotencyKeyReusedError();
    await this.cache.invalidate('order', orderId);
    return { orderId, responseBody, replayed: true };
  }

  private remembered(request: PlaceOrderRequest): Promise<RememberedAnswer | null> {
    return this.idempotency.find(this.dataSource.manager, request);
  }
}

function messagesOf(order: OrderEntity): OutboxMessage[] {
  const inventory: InventoryJob = { orderId: order.id };
  return [
    { messageId: `order-placed:${order.id}`, queue: inventoryQueue.name, payload: inventory },
    { messageId: `order-index:${order.id}`, queue: orderIndexQueue.name, payload: entryOf(order) },
  ];
}

function entryOf({ id, userId, createdAt }: OrderEntity): OrderIndexEntry {
  return { orderId: id, userId, createdAt: createdAt.toISOString() };
}
