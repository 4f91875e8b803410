import { Inbox } from '@fourfold/outbox';
import { topology } from '@fourfold-tools/testing';
import type { OutcomeEmail, UserDirectory, UserView } from '@shop/contracts';
import { createTransport, type Transporter } from 'nodemailer';
import type { DataSource } from 'typeorm';
import type { DeliveryLookup } from '../delivery.lookup.js';
import { MaildevLookup } from '../maildev.lookup.js';
import { MailLimits } from '../limits/mail.limits.js';
import { NotificationsMetrics } from '../notifications.metrics.js';
import { type NotificationsOptions, notificationsSettings } from '../notifications.options.js';
import { SendOutcomeEmail } from '../send-outcome-email.command.js';
import { MailSender } from '../sending/mail.sender.js';
import type { EmailsDatabase } from './emails-database.js';

export const ada: UserView = {
  id: '7',
  name: 'Ada',
  email: 'ada@example.com',
  createdAt: '2026-01-01T00:00:00.000Z',
  version: 1,
};

export interface SenderOptions {
  lookup?: DeliveryLookup;
  smtpUrl?: string;
  user?: UserView | null;
  transport?: Transporter;
  dataSource?: DataSource;
  limits?: NotificationsOptions['limits'];
  smtpMailMs?: number;
}

/** A sender of e-mails to the catcher, each to `user`. */
export function senderOn(database: EmailsDatabase, options: SenderOptions = {}): SendOutcomeEmail {
  const { mail } = topology();
  const { lookup = new MaildevLookup(mail.webUrl), smtpUrl = mail.smtpUrl, user = ada } = options;
  const users: UserDirectory = { find: () => Promise.resolve(user) };
  const transport =
    options.transport ?? createTransport({ url: smtpUrl, disableFileAccess: true, disableUrlAccess: true });
  const settings = notificationsSettings({
    ...{ smtpUrl, sender: 'Fourfold <orders@fourfold.test>', keepEmailsSeconds: 60 },
    limits: options.limits,
    ...(options.smtpMailMs !== undefined && { smtpMailMs: options.smtpMailMs }),
  });
  const { dataSource = database.dataSource } = options;
  const metrics = new NotificationsMetrics();
  const inbox = new Inbox(database.dataSource, database.outbox);
  const mails = new MailSender(metrics, new MailLimits(settings), transport, settings);
  return new SendOutcomeEmail(dataSource, inbox, users, lookup, metrics, mails);
}

/** What goes with the message of an e-mail. */
export const delivery = (messageId: string) => ({ messageId, throwIfRevoked: () => {} });

/** Of one order each, unique among all files of a run: they share the catcher. */
let nextOrder = BigInt(Date.now()) * 1_000n + BigInt(process.pid % 1_000) * 1_000_000n;

/** An e-mail whose message is in the outbox. */
export async function anEmailIn(database: EmailsDatabase) {
  const orderId = String((nextOrder += 1n));
  const messageId = `outcome-email:${orderId}`;
  await database.addMessage(messageId);
  const email: OutcomeEmail = {
    outcome: 'confirmed',
    orderId,
    userId: ada.id,
    total: { amount: 1_350, currency: 'GBP' },
  };
  return { email, messageId, header: `<outcome-email.${orderId}@fourfold.example>` };
}
