import {
  Column,
  CreateDateColumn,
  Entity,
  OneToMany,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
} from 'typeorm';

@Entity('products')
export class Product {
  @PrimaryColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 64, unique: true }) sku!: string;
  @Column({ type: 'varchar', length: 200 }) name!: string;
  @Column({ type: 'int' }) price!: number;
  @Column({ type: 'int' }) stock!: number;
}

@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn('increment', { type: 'bigint' }) id!: string;
  @Column({ type: 'bigint' }) userId!: string;
  @Column({ type: 'varchar', length: 16 }) status!: string;
  @Column({ type: 'int' }) total!: number;
  @Column({ type: 'varchar', length: 500 }) shippingAddress!: string;
  @CreateDateColumn({ precision: 3 }) createdAt!: Date;
  @OneToMany('OrderItem', 'order', { cascade: ['insert'] }) items!: OrderItem[];
}

@Entity('order_items')
export class OrderItem {
  @PrimaryGeneratedColumn('increment', { type: 'bigint' }) id!: string;
  @ManyToOne('Order', 'items') order!: Order;
  @Column({ type: 'bigint' }) productId!: string;
  @Column({ type: 'int' }) quantity!: number;
  @Column({ type: 'int' }) unitPrice!: number;
}

/** The answer to a request that may be sent again. */
@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn({ type: 'varchar', length: 300 }) key!: string;
  @Column({ type: 'char', length: 64 }) requestHash!: string;
  @Column({ type: 'text' }) response!: string;
}

/** On the user's shard. */
@Entity('users')
export class User {
  @PrimaryColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 200 }) name!: string;
  @Column({ type: 'varchar', length: 254 }) email!: string;
}

/** On the user's shard: which orders are hers. */
@Entity('user_orders')
export class UserOrder {
  @PrimaryColumn({ type: 'bigint' }) userId!: string;
  @PrimaryColumn({ type: 'bigint' }) orderId!: string;
  @CreateDateColumn({ precision: 3 }) createdAt!: Date;
}

export const mainEntities = [Product, Order, OrderItem, IdempotencyKey];
export const shardEntities = [User, UserOrder];
