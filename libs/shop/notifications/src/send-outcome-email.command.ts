import { Injectable } from '@nestjs/common';
import { usePrimary } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { type OutcomeEmail, UserDirectory, type UserView } from '@shop/contracts';
import type { Transporter } from 'nodemailer';
import { DataSource } from 'typeorm';
import { DeliveryLookup } from './delivery.lookup.js';
import { EmailEntity } from './email.entity.js';
import { InjectMailTransport, InjectSender } from './notifications.tokens.js';
import { outcomeEmailText } from './outcome-email.template.js';

/** Keeps a row that an earlier attempt has made. Primary key. */
const BEGIN_SENDING = `
  INSERT INTO emails (msg_id, order_id, state, recipient) VALUES (?, ?, 'sending', ?)
  ON DUPLICATE KEY UPDATE msg_id = emails.msg_id
`;

/** Primary key. Whoever else delivers the same message waits here, until the one before has sent it or is dead. */
const LOCK_EMAIL = `
  SELECT state FROM emails WHERE msg_id = ? FOR UPDATE
`;

/** One delivery of an e-mail's message. */
export interface Delivery {
  messageId: string;
  /** Throws when another worker may have the message by now. */
  throwIfRevoked: () => void;
}

/**
 * States of an e-mail: none → `sending` → `sent`. `sending` is committed before the mail server is spoken to, so an
 * attempt that finds it knows that an earlier one may have succeeded, and asks before it sends again. While it is sent
 * its row is locked: two deliveries at once, as when the queue has lost a job that somebody still works on, follow one
 * another. The lock goes with the connection of a sender that dies.
 */
@Injectable()
export class SendOutcomeEmail {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly users: UserDirectory,
    private readonly lookup: DeliveryLookup,
    @InjectMailTransport() private readonly transport: Transporter,
    @InjectSender() private readonly sender: string,
  ) {}

  async execute(email: OutcomeEmail, { messageId, throwIfRevoked }: Delivery): Promise<void> {
    const earlier = await usePrimary(() => this.dataSource.manager.findOneBy(EmailEntity, { messageId }));
    const user = earlier?.state === 'sent' ? null : await this.recipientOf(email);
    const isFirst = user && !earlier ? await this.beginSending(email, messageId, user) : false;
    // Not `inTransaction`: what is sent must not be sent again because a commit was lost to a deadlock.
    await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<Pick<EmailEntity, 'state'>[]>(LOCK_EMAIL, [messageId]);
      if (user && row?.state !== 'sent')
        await this.sendOnce(email, user, { messageId, throwIfRevoked, isFirst });
      await manager.update(
        EmailEntity,
        { messageId, state: 'sending' },
        { state: 'sent', sentAt: new Date() },
      );
      await this.outbox.markDone(manager, messageId);
    });
  }

  private async recipientOf({ orderId, userId }: OutcomeEmail): Promise<UserView> {
    const user = await this.users.find(userId);
    if (!user) throw new Error(`Order ${orderId} belongs to user ${userId}, who does not exist`);
    return user;
  }

  /** @returns whether nobody had begun before */
  private async beginSending(email: OutcomeEmail, messageId: string, user: UserView): Promise<boolean> {
    const { affectedRows } = await this.dataSource.query<{ affectedRows: number }>(BEGIN_SENDING, [
      messageId,
      email.orderId,
      user.email,
    ]);
    return affectedRows === 1;
  }

  private async sendOnce(
    email: OutcomeEmail,
    user: UserView,
    { messageId, throwIfRevoked, isFirst }: Delivery & { isFirst: boolean },
  ): Promise<void> {
    const header = messageIdHeader(messageId);
    if (!isFirst && (await this.lookup.accepted(header)) === 'yes') return;
    // No transaction guards what comes now: a worker that stood still must not send what another has taken over.
    throwIfRevoked();
    await this.transport.sendMail({
      from: this.sender,
      to: { name: user.name, address: user.email },
      messageId: header,
      ...outcomeEmailText(email, user),
    });
  }
}

/** The same at every attempt, so that even a mailbox that gets it twice can tell. */
function messageIdHeader(messageId: string): string {
  return `<${messageId.replaceAll(':', '.')}@fourfold.example>`;
}
