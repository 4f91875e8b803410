import { Column, Entity, PrimaryColumn } from 'typeorm';

export const orderStatuses = ['pending', 'confirmed', 'rejected', 'cancelled'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

@Entity('orders')
export class OrderEntity {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column('bigint', { name: 'user_id', unsigned: true })
  userId!: string;

  @Column('enum', { enum: orderStatuses })
  status!: OrderStatus;

  @Column('varchar', { name: 'rejection_reason', length: 64, nullable: true })
  rejectionReason!: string | null;

  /** Minor units, at most 2^53 - 1. */
  @Column('bigint', { name: 'total_minor', transformer: { to: (n: number) => n, from: Number } })
  totalMinor!: number;

  @Column('char', { length: 3 })
  currency!: string;

  @Column('varchar', { name: 'shipping_address', length: 500 })
  shippingAddress!: string;

  /** Counts changes from 1. */
  @Column('int')
  version!: number;

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}
