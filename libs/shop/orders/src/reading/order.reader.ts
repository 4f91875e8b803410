import { Injectable } from '@nestjs/common';
import { MultiLevelCache, valueMayBeOld } from '@fourfold/cache';
import { usePrimary } from '@fourfold/db-routing';
import type { Page } from '@shop/contracts';
import { DataSource, In } from 'typeorm';
import { OrderIndex } from '../index-by-user/order.index.js';
import { type OrderView, viewOf } from '../order.view.js';
import { OrderNotFoundError } from '../orders.errors.js';
import { OrderItemEntity } from '../schema/order-item.entity.js';
import { OrderEntity } from '../schema/order.entity.js';

@Injectable()
export class OrderReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly cache: MultiLevelCache,
    private readonly index: OrderIndex,
  ) {}

  async find(id: string): Promise<OrderView | null> {
    return this.cache.getOrLoad<OrderView>('order', id, async () => (await this.load([id])).get(id) ?? null);
  }

  /** @throws OrderNotFoundError */
  async get(id: string): Promise<OrderView> {
    const order = await this.find(id);
    if (!order) throw new OrderNotFoundError(id);
    return order;
  }

  /**
   * Whose order it is: one statement on the primary, whether there is such an order or not, so that the time it takes
   * tells a stranger nothing.
   * @throws OrderNotFoundError
   */
  async ownerOf(id: string): Promise<string> {
    const order = await usePrimary(() =>
      this.dataSource.getRepository(OrderEntity).findOne({ where: { id }, select: { userId: true } }),
    );
    if (!order) throw new OrderNotFoundError(id);
    return order.userId;
  }

  /** Newest first. */
  async listOf(
    userId: string,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<OrderView>> {
    const { items, nextCursor } = await this.index.page(userId, page.limit, page.cursor);
    const orders = await this.cache.getMany<OrderView>('order', items, (missing) => this.load(missing));
    return { items: items.flatMap((id) => orders.get(id) ?? []), nextCursor };
  }

  /**
   * From the primary: what a lagging replica says would stay in the cache for an hour. While the primary can't be reached
   * it comes from a replica, and does not stay.
   */
  private load(ids: readonly string[]): Promise<Map<string, OrderView>> {
    return usePrimary(
      async () => {
        // One after the other: a load takes one connection of the primary, not two.
        const orders = await this.dataSource.getRepository(OrderEntity).findBy({ id: In([...ids]) });
        const items = await this.dataSource.getRepository(OrderItemEntity).findBy({ orderId: In([...ids]) });
        const itemsOf = Map.groupBy(items, (item) => item.orderId);
        return new Map(orders.map((order) => [order.id, viewOf(order, itemsOf.get(order.id) ?? [])]));
      },
      { orReplica: valueMayBeOld },
    );
  }
}
