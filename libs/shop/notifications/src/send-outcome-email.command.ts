import { Injectable } from '@nestjs/common';
import { traced } from '@fourfold/observability/tracing';
import { Outbox } from '@fourfold/outbox';
import { SpanKind } from '@opentelemetry/api';
import { type OutcomeEmail, UserDirectory, type UserView } from '@shop/contracts';
import type { Transporter } from 'nodemailer';
import { DataSource } from 'typeorm';
import { DeliveryLookup } from './delivery.lookup.js';
import { EmailEntity } from './email.entity.js';
import { addressing } from './mail.addressing.js';
import { throughMailServer } from './mail.server.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import { InjectMailTransport, InjectSender } from './notifications.tokens.js';
import { outcomeEmailText } from './outcome-email.template.js';

/** Keeps a row that an earlier try has made, and counts this one unless the e-mail is sent already. Primary key. */
const BEGIN_SENDING = `
  INSERT INTO emails (msg_id, order_id, state, recipient, tries) VALUES (?, ?, 'sending', ?, 1)
  ON DUPLICATE KEY UPDATE tries = emails.tries + (emails.state = 'sending')
`;

/**
 * Primary key. Another worker that delivers the same message waits here, until the one before has sent it or is dead.
 */
const LOCK_EMAIL = `
  SELECT state, tries FROM emails WHERE msg_id = ? FOR UPDATE
`;

/** Primary key. */
const MARK_SENT = `
  UPDATE emails SET state = 'sent', sent_at = ? WHERE msg_id = ? AND state = 'sending'
`;

/** One delivery of an e-mail's message. */
export interface Delivery {
  messageId: string;
  /** Throws when another worker may have the message by now. */
  throwIfRevoked: () => void;
}

/**
 * States of an e-mail: none → `sending` → `sent`. `sending` and the try's number are committed before the mail server is
 * spoken to: only a worker that finds no other try knows that none may have succeeded; any other one asks before it
 * sends again. While an e-mail is sent its row is locked: two deliveries at once, as when the queue has lost a job that
 * a worker still works on, follow one another. The lock goes with the connection of a sender that dies.
 */
@Injectable()
export class SendOutcomeEmail {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly users: UserDirectory,
    private readonly lookup: DeliveryLookup,
    private readonly metrics: NotificationsMetrics,
    @InjectMailTransport() private readonly transport: Transporter,
    @InjectSender() private readonly sender: string,
  ) {}

  async execute(email: OutcomeEmail, { messageId, throwIfRevoked }: Delivery): Promise<void> {
    const user = await this.users.find(email.userId);
    if (user) await this.dataSource.query(BEGIN_SENDING, [messageId, email.orderId, user.email]);
    // Not `inTransaction`: what is sent must not be sent again because a commit was lost to a deadlock.
    const sent = await traced('transaction', {}, () =>
      this.dataSource.transaction(async (manager) => {
        const [row] = await manager.query<Pick<EmailEntity, 'state' | 'tries'>[]>(LOCK_EMAIL, [messageId]);
        const toSend = row?.state !== 'sent';
        if (toSend) {
          if (!user)
            throw new Error(`Order ${email.orderId} belongs to user ${email.userId}, who does not exist`);
          await this.sendOnce(email, user, { messageId, throwIfRevoked, isOnlyTry: row?.tries === 1 });
          await manager.query(MARK_SENT, [new Date(), messageId]);
        }
        await this.outbox.markDone(manager, messageId);
        return toSend;
      }),
    );
    if (sent) this.metrics.mailed(email);
  }

  private async sendOnce(
    email: OutcomeEmail,
    user: UserView,
    { messageId, throwIfRevoked, isOnlyTry }: Delivery & { isOnlyTry: boolean },
  ): Promise<void> {
    const header = messageIdHeader(messageId);
    if (!isOnlyTry && (await this.lookup.accepted(header)) === 'yes') return;
    // No transaction guards what comes now: a worker that stood still must not send what another has taken over.
    throwIfRevoked();
    const mail = { ...addressing(this.sender, user), messageId: header, ...outcomeEmailText(email, user) };
    await traced('mail send', { kind: SpanKind.CLIENT, attributes: { 'order.id': email.orderId } }, () =>
      throughMailServer(() => this.transport.sendMail(mail)),
    );
  }
}

/** The same at every attempt, so that even a mailbox that gets it twice can tell. */
function messageIdHeader(messageId: string): string {
  return `<${messageId.replaceAll(':', '.')}@fourfold.example>`;
}
