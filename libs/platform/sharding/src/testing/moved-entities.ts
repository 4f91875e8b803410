import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SlotOf } from '../slot-of.js';

@Entity('member')
export class Member {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 200 })
  name!: string;

  @Column('datetime', { name: 'seen_at', precision: 3 })
  seenAt!: Date;

  @SlotOf<Member>('id')
  slot?: number;
}

/** Of a key that is text. */
@Entity('address')
export class Address {
  @PrimaryColumn({ type: 'varchar', length: 100 })
  address!: string;

  @Column('bigint', { name: 'member_id', unsigned: true })
  memberId!: string;

  @SlotOf<Address>('address')
  slot?: number;
}

/** Many rows a key. */
@Entity('visit')
export class MemberVisit {
  @PrimaryColumn('bigint', { name: 'member_id', unsigned: true })
  memberId!: string;

  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 100, nullable: true })
  place!: string | null;

  @SlotOf<MemberVisit>('memberId')
  slot?: number;
}

export const movedEntities = [Member, Address, MemberVisit];
