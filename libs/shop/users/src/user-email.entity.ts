import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who has an address, on the shard of the address: what makes it unique across shards. */
@Entity('user_emails')
export class UserEmailEntity {
  @PrimaryColumn('varchar', { length: 254 })
  email!: string;

  @Column('bigint', { name: 'user_id', unsigned: true })
  userId!: string;

  /** `reserved` while a sign-up is under way, `confirmed` once its user exists. */
  @Column('enum', { enum: ['reserved', 'confirmed'] })
  state!: 'reserved' | 'confirmed';

  @Column('datetime', { name: 'reserved_until', precision: 3 })
  reservedUntil!: Date;
}
