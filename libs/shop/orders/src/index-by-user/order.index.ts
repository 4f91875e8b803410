import { Injectable, Logger } from '@nestjs/common';
import { withDeadline } from '@fourfold/kernel';
import { ShardRouter } from '@fourfold/sharding';
import type { OrderIndexEntry, Page } from '@shop/contracts';
import { UserOrderEntity } from '../schema/user-order.entity.js';

/** A user who lists her orders right after placing one should see it; but no caller waits for a slow shard. */
const SOON_MS = 250;

/** Writing the entry again changes nothing. Primary key. */
const RECORD = `
  INSERT INTO user_orders (user_id, order_id, created_at) VALUES (?, ?, ?)
  ON DUPLICATE KEY UPDATE order_id = VALUES(order_id)
`;

/** The user's orders, newest first, on the user's shard. */
@Injectable()
export class OrderIndex {
  private readonly logger = new Logger(OrderIndex.name);
  private readonly orders = this.shards.repository(UserOrderEntity, 'userId');

  constructor(private readonly shards: ShardRouter) {}

  async record({ userId, orderId, createdAt }: OrderIndexEntry): Promise<void> {
    await this.shards.write(userId, (manager) =>
      manager.query(RECORD, [userId, orderId, new Date(createdAt)]),
    );
  }

  /** Tries once, briefly, and never fails: the queue guarantees the entry. */
  async recordSoon(entry: OrderIndexEntry): Promise<void> {
    try {
      await withDeadline(this.record(entry), SOON_MS, () => new Error(`the shard took over ${SOON_MS} ms`));
    } catch (error) {
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
}
