import { Injectable } from '@nestjs/common';
import { inTransaction, usePrimary } from '@fourfold/db-routing';
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

/** One delivery of an e-mail's message. */
export interface Delivery {
  messageId: string;
  /** Throws when another worker may have the message by now. */
  throwIfRevoked: () => void;
}

/**
 * States of an e-mail: none → `sending` → `sent`. `sending` is committed before the mail server is spoken to, so an
 * attempt that finds it knows that an earlier one may have succeeded, and asks before it sends again.
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
    const header = messageIdHeader(messageId);
    const delivered = earlier && (earlier.state === 'sent' || (await this.lookup.accepted(header)) === 'yes');
    if (!delivered) {
      const user = await this.users.find(email.userId);
      if (!user)
        throw new Error(`Order ${email.orderId} belongs to user ${email.userId}, who does not exist`);
      await this.dataSource.query(BEGIN_SENDING, [messageId, email.orderId, user.email]);
      // No transaction guards what comes now: a worker that stood still must not send what another has taken over.
      throwIfRevoked();
      await this.send(email, user, header);
    }
    await this.markSent(messageId);
  }

  private async send(email: OutcomeEmail, user: UserView, header: string): Promise<void> {
    await this.transport.sendMail({
      from: this.sender,
      to: { name: user.name, address: user.email },
      messageId: header,
      ...outcomeEmailText(email, user),
    });
  }

  private async markSent(messageId: string): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      await manager.update(
        EmailEntity,
        { messageId, state: 'sending' },
        { state: 'sent', sentAt: new Date() },
      );
      await this.outbox.markDone(manager, messageId);
    });
  }
}

/** The same at every attempt, so that even a mailbox that gets it twice can tell. */
function messageIdHeader(messageId: string): string {
  return `<${messageId.replaceAll(':', '.')}@fourfold.example>`;
}
