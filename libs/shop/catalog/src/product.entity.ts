import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('products')
export class ProductEntity {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column('varchar', { length: 64 })
  sku!: string;

  @Column('varchar', { length: 200 })
  name!: string;

  /** Minor units. The driver gives 64-bit columns as text; prices fit a number. */
  @Column('bigint', { name: 'price_minor', transformer: { to: (n: number) => n, from: Number } })
  priceMinor!: number;

  @Column('char', { length: 3 })
  currency!: string;
}
