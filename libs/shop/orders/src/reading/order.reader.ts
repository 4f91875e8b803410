import { Injectable } from '@nestjs/common';
import { MultiLevelCache, valueMayBeOld } from '@fourfold/cache';
import { onReadConnection, usePrimary, useReadIndex, withAffinity } from '@fourfold/db-routing';
import { DEFAULT_PAGE_LIMIT, type Page } from '@shop/contracts';
import { DataSource, type QueryRunner } from 'typeorm';
import { OrderIndex } from '../index-by-user/order.index.js';
import { encode, type EncodedOrder, type EncodedOrders, encodePage, viewOf } from '../order.view.js';
import { orderCache, userOrdersCache } from '../orders.cache.js';
import { OrderNotFoundError } from '../orders.errors.js';
import { OrderEntity } from '../schema/order.entity.js';
import { orderOf, ORDERS_WITH_ITEMS, type OrderRow } from './order.rows.js';

@Injectable()
export class OrderReader {
  private readonly cached = this.cache.namespace(orderCache);
  private readonly firstPages = this.cache.namespace(userOrdersCache);

  constructor(
    private readonly dataSource: DataSource,
    private readonly cache: MultiLevelCache,
    private readonly index: OrderIndex,
  ) {}

  async find(id: string): Promise<EncodedOrder | null> {
    return this.cached.getOrLoad(id, async () => (await this.load([id])).get(id));
  }

  /** @throws OrderNotFoundError */
  async get(id: string): Promise<EncodedOrder> {
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
  async listOf(userId: string, page: { limit: number; cursor?: string | undefined }): Promise<EncodedOrders> {
    const { items, nextCursor } = await this.pageOf(userId, page.limit, page.cursor);
    const orders = await this.cached.getMany(items, (missing) => this.load(missing));
    return encodePage(
      items.flatMap((id) => orders.get(id) ?? []),
      nextCursor,
    );
  }

  /** Ids of the first page of the usual size. */
  async latestIdsOf(userId: string): Promise<readonly string[]> {
    return (await this.pageOf(userId, DEFAULT_PAGE_LIMIT, undefined)).items;
  }

  /**
   * The first page of the usual size is what most ask for, and comes from the cache. Of others, one replica answers all of
   * a user's, so that no page is older than the one before.
   */
  private async pageOf(userId: string, limit: number, cursor: string | undefined): Promise<Page<string>> {
    const page = () => this.index.page(userId, limit, cursor);
    if (cursor !== undefined || limit !== DEFAULT_PAGE_LIMIT) return withAffinity(userId, page);
    const load = () => useReadIndex(page, { orReplica: valueMayBeOld });
    return (await this.firstPages.getOrLoad(userId, load)) ?? { items: [], nextCursor: null };
  }

  /**
   * As new as when it was begun: what a lagging replica says would stay in the cache for an hour. While the primary can't
   * be reached it may be older, and does not stay.
   */
  private async load(ids: readonly string[]): Promise<Map<string, EncodedOrder>> {
    const find = (runner: QueryRunner) => this.dataSource.query<OrderRow[]>(ORDERS_WITH_ITEMS, [ids], runner);
    const rows = await useReadIndex(() => onReadConnection(this.dataSource, find), {
      orReplica: valueMayBeOld,
    });
    const orders = Map.groupBy(rows, ({ id }) => String(id));
    return new Map(
      Array.from(orders, ([id, own]) => {
        const { order, items } = orderOf(own);
        return [id, encode(viewOf(order, items))];
      }),
    );
  }
}
