import { Column, Entity, PrimaryColumn } from 'typeorm';

/** On the shard of its id. */
@Entity('users')
export class UserEntity {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column('varchar', { length: 200 })
  name!: string;

  @Column('varchar', { length: 254 })
  email!: string;

  /** Counts changes from 1. */
  @Column('int')
  version!: number;

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}
