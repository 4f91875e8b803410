import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('order_items')
export class OrderItemEntity {
  @PrimaryColumn('bigint', { name: 'order_id', unsigned: true })
  orderId!: string;

  @PrimaryColumn('bigint', { name: 'product_id', unsigned: true })
  productId!: string;

  @Column('int')
  quantity!: number;

  /** What one unit cost when the order was placed. */
  @Column('bigint', { name: 'unit_price_minor', transformer: { to: (n: number) => n, from: Number } })
  unitPriceMinor!: number;
}
