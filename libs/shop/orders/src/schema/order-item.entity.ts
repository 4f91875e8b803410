import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('order_items')
export class OrderItemEntity {
  @PrimaryColumn('bigint', { name: 'order_id', unsigned: true })
  orderId!: string;

  @PrimaryColumn('bigint', { name: 'product_id', unsigned: true })
  productId!: string;

  /** Where it stands in the order, from 0; all 0 in orders of an earlier release, whose items go by product. */
  @Column('smallint', { unsigned: true })
  line!: number;

  @Column('int')
  quantity!: number;

  /** What one unit cost when the order was placed. */
  @Column('bigint', { name: 'unit_price_minor', transformer: { to: (n: number) => n, from: Number } })
  unitPriceMinor!: number;
}
