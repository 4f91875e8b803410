import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Apart from the product: this row is locked by every order, that one is only read. */
@Entity('stock')
export class StockEntity {
  @PrimaryColumn('bigint', { name: 'product_id', unsigned: true })
  productId!: string;

  /** Units that no confirmed order has. 64 bits: a cancelled order may give back on top of the largest stock. */
  @Column('bigint', { transformer: { to: (n: number) => n, from: Number } })
  available!: number;
}
