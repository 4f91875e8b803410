import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row per e-mail ever attempted: what makes sure that it goes out once. */
@Entity('emails')
export class EmailEntity {
  @PrimaryColumn('varchar', { name: 'msg_id', length: 100 })
  messageId!: string;

  @Column('bigint', { name: 'order_id', unsigned: true })
  orderId!: string;

  /** `sending`: perhaps accepted by the mail server, perhaps not. */
  @Column('enum', { enum: ['sending', 'sent'] })
  state!: 'sending' | 'sent';

  @Column('varchar', { length: 254 })
  recipient!: string;

  /** How many deliveries have begun to send it. */
  @Column('int', { unsigned: true })
  tries!: number;

  @Column('datetime', { name: 'sent_at', precision: 3, nullable: true })
  sentAt!: Date | null;
}
