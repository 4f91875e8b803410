import 'reflect-metadata';
import { Inbox, Outbox } from '@fourfold/outbox';
import type { OutcomeEmail } from '@shop/contracts';
import { createTransport } from 'nodemailer';
import { DataSource } from 'typeorm';
import { EmailEntity } from '../email.entity.js';
import { NoDeliveryLookup } from '../delivery.lookup.js';
import { MailLimits } from '../limits/mail.limits.js';
import { NotificationsMetrics } from '../notifications.metrics.js';
import { MailSender } from '../sending/mail.sender.js';
import { SendOutcomeEmail } from '../send-outcome-email.command.js';

export interface SenderProcessOptions {
  readonly databaseUrl: string;
  readonly smtpUrl: string;
  readonly email: OutcomeEmail;
  readonly messageId: string;
}

/** `accepted`: the mail server has taken the mail, and that is not recorded yet; the process waits there. */
export type Report = { readonly told: 'ready' | 'accepted' };

const tell = (told: Report['told']) => process.send!({ told } satisfies Report);

export async function run(text: string): Promise<void> {
  const { databaseUrl, smtpUrl, email, messageId } = JSON.parse(text) as SenderProcessOptions;
  const dataSource = new DataSource({ type: 'mysql', url: databaseUrl, entities: [EmailEntity] });
  await dataSource.initialize();
  const transport = createTransport({ url: smtpUrl, disableFileAccess: true, disableUrlAccess: true });
  const sendMail = transport.sendMail.bind(transport);
  transport.sendMail = async (mail: Parameters<typeof sendMail>[0]) => {
    await sendMail(mail);
    tell('accepted');
    return new Promise<never>(() => {});
  };
  const user = { id: email.userId, name: 'Ada', email: 'ada@example.com', createdAt: '', version: 1 };
  const metrics = new NotificationsMetrics();
  const settings = { sender: 'Fourfold <orders@fourfold.test>', smtpMailMs: 60_000 };
  const sender = new SendOutcomeEmail(
    dataSource,
    new Inbox(dataSource, new Outbox()),
    { find: () => Promise.resolve(user) },
    new NoDeliveryLookup(),
    metrics,
    new MailSender(metrics, new MailLimits({}), transport, settings),
  );
  tell('ready');
  await sender.execute(email, { messageId, throwIfRevoked: () => {} });
}
