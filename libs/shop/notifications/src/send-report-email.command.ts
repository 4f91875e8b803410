import { Injectable } from '@nestjs/common';
import type { ReportEmail } from '@shop/contracts';
import { DeliveryLookup } from './delivery.lookup.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import { MailSender } from './sending/mail.sender.js';
import { reportEmail, type ReportLink } from './templates/report-email.template.js';

/** One delivery of the message of a report's e-mail. */
export interface ReportDelivery {
  messageId: string;
  /** From 1. */
  attempt: number;
  /** Throws when another worker may have the message by now. */
  throwIfRevoked: () => void;
}

/**
 * Tells who asked for a report that it is ready. It keeps no record: a later attempt asks the mail system whether it has
 * the mail already, and where that can't be asked an operator may get it twice, with the same Message-ID.
 */
@Injectable()
export class SendReportEmail {
  constructor(
    private readonly lookup: DeliveryLookup,
    private readonly metrics: NotificationsMetrics,
    private readonly mails: MailSender,
  ) {}

  /** @throws MailThrottledError, MailRefusedError, MailDeferredError, MailServerUnavailableError */
  async execute(
    email: ReportEmail,
    link: ReportLink,
    { messageId, attempt, throwIfRevoked }: ReportDelivery,
  ): Promise<void> {
    const messageIdHeader = `<report-ready.${email.reportId}@fourfold.example>`;
    if (attempt > 1 && (await this.lookup.accepted(messageIdHeader)) === 'yes') return;
    await this.mails.awaitTurn('report', { messageId, address: email.to });
    throwIfRevoked();
    const mail = { messageIdHeader, to: { name: '', email: email.to }, content: reportEmail(email, link) };
    await this.mails.send('report', mail, { 'report.id': email.reportId });
    this.metrics.reportMailed(email);
  }
}
