import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { asStatement, GroupCommit, GroupedWork, isLockTimeout } from '@fourfold/db-routing';
import { traced } from '@fourfold/observability/tracing';
import { Inbox } from '@fourfold/outbox';
import { type OutcomeEmail, UserDirectory, type UserView } from '@shop/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { DeliveryLookup } from './delivery.lookup.js';
import { EmailEntity } from './email.entity.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import { MailSender } from './sending/mail.sender.js';
import { outcomeEmail } from './templates/outcome-email.template.js';

/** Keeps rows that earlier tries have made, and counts this one where the e-mail is not sent already. Primary key. */
const BEGIN_SENDING = `
  INSERT INTO emails (msg_id, order_id, state, recipient, tries) VALUES ?
  ON DUPLICATE KEY UPDATE tries = emails.tries + (emails.state = 'sending')
`;

/**
 * Primary key, in its order. Another worker that delivers one of these messages waits here, until the one before has sent
 * it or is dead.
 */
const LOCK_EMAILS = `
  SELECT msg_id, state, tries FROM emails FORCE INDEX (PRIMARY) WHERE msg_id IN (?) ORDER BY msg_id FOR UPDATE
`;

/** Primary key. */
const IS_SENT = `SELECT 1 FROM emails WHERE msg_id = ? AND state = 'sent'`;

/** Primary key. */
const MARK_SENT = `
  UPDATE emails FORCE INDEX (PRIMARY) SET state = 'sent', sent_at = ? WHERE msg_id IN (?) AND state = 'sending'
`;

/**
 * Few to a transaction: until its slowest e-mail is through, the others stay `sending`. How long that may take, and how
 * many may wait, is the queue's affair.
 */
const TOGETHER = { mostUnits: 10, inFlight: 3, mostWaiting: Infinity, deadlineMs: 3_600_000 };

/** One delivery of an e-mail's message. */
export interface Delivery {
  messageId: string;
  /** Throws when another worker may have the message by now. */
  throwIfRevoked: () => void;
}

interface Sending extends Delivery {
  readonly email: OutcomeEmail;
  readonly user: UserView;
  /** Runs what it is given in the trace of its job. */
  readonly inContext: <T>(work: () => T) => T;
}

type EmailRow = Pick<EmailEntity, 'state' | 'tries'>;

/**
 * States of an e-mail: none → `sending` → `sent`. `sending` and the try's number are committed before the mail server is
 * spoken to: only a worker that finds no other try knows that none may have succeeded; any other one asks before it
 * sends again. While an e-mail is sent its row is locked: two deliveries at once, as when the queue has lost a job that
 * a worker still works on, follow one another. The lock goes with the connection of a sender that dies.
 *
 * E-mails that come at the same time share the statements of each step, and are sent at once.
 */
@Injectable()
export class SendOutcomeEmail {
  private readonly begin: GroupCommit<Sending, void>;
  private readonly sending: GroupedWork<Sending, boolean>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly inbox: Inbox,
    private readonly users: UserDirectory,
    private readonly lookup: DeliveryLookup,
    private readonly metrics: NotificationsMetrics,
    private readonly mails: MailSender,
  ) {
    const keyOf = ({ messageId }: Sending) => messageId;
    this.begin = new GroupCommit(asStatement(dataSource), { keyOf, write: beginSending });
    this.sending = new GroupedWork({ keyOf, ...TOGETHER }, (all) => this.sendAll(all));
  }

  /** @throws MailThrottledError, MailRefusedError, MailDeferredError, MailServerUnavailableError */
  async execute(email: OutcomeEmail, { messageId, throwIfRevoked }: Delivery): Promise<void> {
    const user = await this.users.find(email.userId);
    if (!user) return this.withoutUser(email, messageId);
    const isSent = () => this.isSent(messageId);
    await this.mails.awaitTurn('outcome', { messageId, address: user.email, isSent });
    const inContext = AsyncLocalStorage.snapshot();
    const sending: Sending = { email, user, messageId, throwIfRevoked, inContext };
    await this.begin.run(sending);
    if (await this.sending.run(sending)) this.metrics.mailed(email);
    // Not with the locks held: the relay marks the same messages, and what is sent must not be lost to a deadlock with it.
    await this.inbox.acknowledge(messageId);
  }

  private async isSent(messageId: string): Promise<boolean> {
    return (await this.dataSource.query<unknown[]>(IS_SENT, [messageId])).length > 0;
  }

  /** The one who ordered is not there any more: it may have been sent before. */
  private async withoutUser({ orderId, userId }: OutcomeEmail, messageId: string): Promise<void> {
    const rows = await this.dataSource.transaction((manager) => lockEmails(manager, [messageId]));
    if (rows.get(messageId)?.state !== 'sent')
      throw new Error(`Order ${orderId} belongs to user ${userId}, who does not exist`);
    await this.inbox.acknowledge(messageId);
  }

  /** @returns of each whether it was sent now */
  private async sendAll(all: readonly Sending[]): Promise<PromiseSettledResult<boolean>[]> {
    try {
      return await this.sendLocked(all);
    } catch (error) {
      if (all.length === 1 || !isLockTimeout(error)) throw error;
      // Nothing was sent. Alone, only the one that another worker has in hand waits again.
      return (await Promise.allSettled(all.map((one) => this.sendLocked([one])))).map((alone) =>
        alone.status === 'fulfilled' ? alone.value[0]! : alone,
      );
    }
  }

  /** Not `inTransaction`: what is sent must not be sent again because a commit was lost to a deadlock. */
  private sendLocked(all: readonly Sending[]): Promise<PromiseSettledResult<boolean>[]> {
    return traced('transaction', {}, () =>
      this.dataSource.transaction(async (manager) => {
        const ids = all.map(({ messageId }) => messageId);
        const rows = await lockEmails(manager, ids);
        const outcomes = await Promise.allSettled(
          all.map((one) => one.inContext(() => this.sendOnce(one, rows.get(one.messageId)))),
        );
        const sent = ids.filter((_, at) => outcomes[at]!.status === 'fulfilled');
        if (sent.length > 0) await manager.query(MARK_SENT, [new Date(), sent]);
        return outcomes;
      }),
    );
  }

  /** @returns whether it was not sent before */
  private async sendOnce(
    { email, user, messageId, throwIfRevoked }: Sending,
    row: EmailRow | undefined,
  ): Promise<boolean> {
    if (row?.state === 'sent') return false;
    const header = messageIdHeader(messageId);
    const isOnlyTry = row?.tries === 1;
    if (!isOnlyTry && (await this.lookup.accepted(header)) === 'yes') return true;
    // No transaction guards what comes now: a worker that stood still must not send what another has taken over.
    throwIfRevoked();
    const mail = { messageIdHeader: header, to: user, content: outcomeEmail(email, user) };
    await this.mails.send('outcome', mail, { 'order.id': email.orderId });
    return true;
  }
}

async function beginSending(manager: EntityManager, all: readonly Sending[]): Promise<undefined[]> {
  const rows = all.map(({ messageId, email, user }) => [messageId, email.orderId, 'sending', user.email, 1]);
  // In the order of the primary key: two workers that have messages in common must not wait for each other.
  await manager.query(BEGIN_SENDING, [rows.toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1))]);
  return all.map(() => undefined);
}

async function lockEmails(manager: EntityManager, ids: readonly string[]): Promise<Map<string, EmailRow>> {
  const rows = await manager.query<(EmailRow & { msg_id: string })[]>(LOCK_EMAILS, [ids]);
  return new Map(rows.map((row) => [row.msg_id, row]));
}

/** The same at every attempt, so that even a mailbox that gets it twice can tell. */
function messageIdHeader(messageId: string): string {
  return `<${messageId.replaceAll(':', '.')}@fourfold.example>`;
}
