import { Injectable, Logger } from '@nestjs/common';
import { MultiLevelCache, type WriteOutcome } from '@fourfold/cache';
import { isDuplicateKey } from '@fourfold/db-routing';
import { withDeadline } from '@fourfold/kernel';
import { Outbox } from '@fourfold/outbox';
import { ShardRouter } from '@fourfold/sharding';
import { cacheInvalidationQueue, type OrderIndexEntry, type Page, type ShopQueue } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { userOrdersCache } from '../orders.cache.js';
import { IndexMessages } from './index-messages.js';
import type { OrderEntity } from '../schema/order.entity.js';
import { UserOrderEntity } from '../schema/user-order.entity.js';

/** A user who lists her orders right after placing one should see it; but no caller waits for a slow shard. */
const SOON_MS = 250;

/** The user's orders, newest first, on the user's shard. */
@Injectable()
export class OrderIndex {
  private readonly logger = new Logger(OrderIndex.name);
  private readonly orders = this.shards.repository(UserOrderEntity, 'userId');
  private readonly write = this.shards.groupedInsert<OrderIndexEntry>(({ userId }) => userId, {
    table: 'user_orders',
    columns: ['user_id', 'order_id', 'created_at'],
    valuesOf: ({ userId, orderId, createdAt }) => [userId, orderId, new Date(createdAt)],
  });
  private readonly messages = new IndexMessages(this.dataSource, this.outbox);
  private readonly firstPages = this.cache.namespace(userOrdersCache);

  constructor(
    private readonly shards: ShardRouter,
    private readonly cache: MultiLevelCache,
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox<ShopQueue>,
  ) {}

  /**
   * For the queue. Once it resolves, the entry is there and the cached list is void, or a message will void it. Entries
   * that come at the same time share a statement on their shard.
   */
  async record(entry: OrderIndexEntry): Promise<void> {
    const { deferred } = await this.list(entry);
    if (deferred) await this.owe(entry);
  }

  /** Tries once, briefly, and never fails: the queue guarantees the entry, and is spared it when this has worked. */
  async recordSoon(entry: OrderIndexEntry): Promise<void> {
    try {
      const { deferred } = await withDeadline(
        this.list(entry),
        SOON_MS,
        () => new Error(`the shard took over ${SOON_MS} ms`),
      );
      if (!deferred) this.messages.withdrawSoon(entry.orderId);
    } catch (error) {
      // It may be there by the caller's next request, whose token has to cover it.
      await this.firstPages.invalidate(entry.userId);
      this.logger.warn({ err: error, orderId: entry.orderId }, 'The order index is left to the queue');
    }
  }

  /** Ids are made in the order of time: the highest is the newest. */
  async page(userId: string, limit: number, cursor: string | undefined): Promise<Page<string>> {
    const { items, nextCursor } = await this.orders
      .forKey(userId)
      .page({ order: { orderId: 'DESC' }, limit, cursor });
    return { items: items.map(({ orderId }) => orderId), nextCursor };
  }

  private async list(entry: OrderIndexEntry): Promise<WriteOutcome> {
    await this.write(entry);
    return this.firstPages.invalidate(entry.userId);
  }

  /** The cache could not be told, and this process may not live until it can. */
  private async owe({ userId, orderId }: OrderIndexEntry): Promise<void> {
    try {
      await this.outbox.add(this.dataSource.manager, {
        messageId: `order-listed:${orderId}:cache`,
        queue: cacheInvalidationQueue.name,
        payload: { 'user-orders': [userId] },
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error; // owed since an earlier delivery
    }
  }
}

export function entryOf({ id, userId, createdAt }: OrderEntity): OrderIndexEntry {
  return { orderId: id, userId, createdAt: createdAt.toISOString() };
}
