import { SlotOf } from '@fourfold/sharding';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A saga that may not write its user any more, on the shard of the user. */
@Entity('ended_email_sagas')
export class EndedEmailSagaEntity {
  @PrimaryColumn('bigint', { name: 'user_id', unsigned: true })
  userId!: string;

  @PrimaryColumn('bigint', { name: 'saga_id', unsigned: true })
  sagaId!: string;

  @Column('datetime', { name: 'ended_at', precision: 3 })
  endedAt!: Date;

  @SlotOf<EndedEmailSagaEntity>('userId')
  slot?: number;
}
