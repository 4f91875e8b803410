import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { isDuplicateKey, isLockTimeout } from '@fourfold/db-routing';
import { annotateSpan } from '@fourfold/observability/tracing';
import { SnowflakeIds } from '@fourfold/sharding';
import {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  ProductCatalogue,
  UserDirectory,
  UserNotFoundError,
} from '@shop/contracts';
import { DataSource } from 'typeorm';
import { entryOf, OrderIndex } from '../index-by-user/order.index.js';
import { OrderMetrics } from '../order.metrics.js';
import { encode, viewOf } from '../order.view.js';
import { orderCache } from '../orders.cache.js';
import type { OrderEntity } from '../schema/order.entity.js';
import { IdempotencyStore, type IdempotentRequest, type RememberedAnswer } from './idempotency.store.js';
import { OrderPlacements, type Placement } from './order.placements.js';
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
  private readonly cached = this.cache.namespace(orderCache);

  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UserDirectory,
    private readonly products: ProductCatalogue,
    private readonly ids: SnowflakeIds,
    private readonly placements: OrderPlacements,
    private readonly idempotency: IdempotencyStore,
    private readonly index: OrderIndex,
    private readonly cache: MultiLevelCache,
    private readonly metrics: OrderMetrics,
  ) {}

  /**
   * @throws UserNotFoundError, ProductNotFoundError, InsufficientStockError, OrderTooLargeError,
   *   IdempotencyKeyReusedError, IdempotencyInProgressError
   */
  async execute(request: PlaceOrderRequest): Promise<PlacedOrder> {
    let priced: PricedOrder;
    try {
      priced = await this.priced(request.body);
    } catch (error) {
      // An order that was accepted stays accepted, even if its stock is gone by now.
      const earlier = await this.remembered(request).catch(() => null);
      if (!earlier) throw error;
      return this.replay(earlier);
    }
    const responseBody = encode(viewOf(priced.order, priced.items)).body;
    const orderId = priced.order.id;
    const earlier = await this.commit({ ...priced, request, responseBody });
    if (earlier && earlier.orderId !== orderId) return this.replay(earlier);
    this.metrics.accepted.inc();
    annotateSpan({ 'order.id': orderId });
    await this.settleIn(priced.order);
    return { orderId, responseBody, replayed: false };
  }

  /** Whether the key has an order, of this body or another: `execute` places none then. */
  async isPlaced(request: Omit<IdempotentRequest, 'body'>): Promise<boolean> {
    return (await this.idempotency.find(this.dataSource.manager, { ...request, body: {} })) !== null;
  }

  private async priced(body: PlaceOrderInput): Promise<PricedOrder> {
    const [user, products] = await Promise.all([
      this.users.find(body.userId),
      this.products.findMany(body.items.map(({ productId }) => productId)),
    ]);
    if (!user) throw new UserNotFoundError(body.userId);
    return priceOrder(await this.ids.waitForId(), body, products, new Date());
  }

  /** @returns what the key was used for before, if it was; this very order where the answer to its commit was lost */
  private async commit(
    placement: Placement & { request: PlaceOrderRequest },
  ): Promise<RememberedAnswer | undefined> {
    let refusal: Error | undefined;
    try {
      if ((await this.placements.commit(placement)) === 'placed') return undefined;
    } catch (error) {
      if (isLockTimeout(error)) throw new IdempotencyInProgressError(error);
      if (!isDuplicateKey(error)) throw error;
      refusal = error as Error;
    }
    const earlier = await this.remembered(placement.request);
    if (earlier) return earlier;
    // Another key of the database than that of the request.
    if (refusal) throw refusal;
    // The key was so old that it has been deleted since: it is a new one now.
    return this.commit(placement);
  }

  /**
   * A caller may have asked for this id before it existed. The first read fills the cache: an order changes once more
   * within the second in which it is placed, so that to fill it now would be in vain.
   */
  private async settleIn(order: OrderEntity): Promise<void> {
    await Promise.all([this.cached.invalidate(order.id), this.index.recordSoon(entryOf(order))]);
  }

  /** The process that placed it may have died before its invalidation; and this caller's token is to carry it. */
  private async replay({ orderId, responseBody, sameRequest }: RememberedAnswer): Promise<PlacedOrder> {
    if (!sameRequest) throw new IdempotencyKeyReusedError();
    await this.cached.invalidate(orderId);
    return { orderId, responseBody, replayed: true };
  }

  private remembered(request: PlaceOrderRequest): Promise<RememberedAnswer | null> {
    return this.idempotency.find(this.dataSource.manager, request);
  }
}
