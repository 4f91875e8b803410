import { SlotOf } from '@fourfold/sharding';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** On the shard of its id. */
@Entity('users')
export class UserEntity {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 200, collation: 'utf8mb4_bin' })
  name!: string;

  @Column({ type: 'varchar', length: 254, collation: 'utf8mb4_bin' })
  email!: string;

  /** Counts changes from 1. */
  @Column('int')
  version!: number;

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @SlotOf<UserEntity>('id')
  slot?: number;
}
