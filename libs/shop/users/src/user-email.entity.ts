import { SlotOf } from '@fourfold/sharding';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who has an address, on the shard of the address: what makes it unique across shards. */
@Entity('user_emails')
export class UserEmailEntity {
  @PrimaryColumn('varchar', { length: 254, collation: 'utf8mb4_bin' })
  email!: string;

  @Column('bigint', { name: 'user_id', unsigned: true })
  userId!: string;

  /** The last one that gave the address to this user, or wants to take it from the user; 0 of an earlier version. */
  @Column('bigint', { name: 'saga_id', unsigned: true })
  sagaId!: string;

  /** `confirmed`: its user has it. `reserved`: its user may or may not have it, for a saga is under way. */
  @Column('enum', { enum: ['reserved', 'confirmed'] })
  state!: 'reserved' | 'confirmed';

  /** From when on others may end the saga and make good what it left. */
  @Column('datetime', { name: 'reserved_until', precision: 3 })
  reservedUntil!: Date;

  @SlotOf<UserEmailEntity>('email')
  slot?: number;
}
