import { SlotOf } from '@fourfold/sharding';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A change of a user of which the cache may not have been told, on the shard of the user. */
@Entity('owed_user_invalidations')
export class OwedInvalidationEntity {
  @PrimaryColumn('bigint', { name: 'user_id', unsigned: true })
  userId!: string;

  /** The user's, by the change. */
  @Column('int')
  version!: number;

  @SlotOf<OwedInvalidationEntity>('userId')
  slot?: number;
}
