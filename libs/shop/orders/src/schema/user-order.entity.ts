import { SlotOf } from '@fourfold/sharding';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which orders a user has, on the user's shard. What the orders say is on the main cluster alone. */
@Entity('user_orders')
export class UserOrderEntity {
  @PrimaryColumn('bigint', { name: 'user_id', unsigned: true })
  userId!: string;

  @PrimaryColumn('bigint', { name: 'order_id', unsigned: true })
  orderId!: string;

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @SlotOf<UserOrderEntity>('userId')
  slot?: number;
}
