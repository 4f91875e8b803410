import { Injectable } from '@nestjs/common';
import { type AccountEmail, EmailChangeDirectory } from '@shop/contracts';
import { DeliveryLookup } from './delivery.lookup.js';
import type { ReportDelivery } from './send-report-email.command.js';
import { MailSender } from './sending/mail.sender.js';
import { confirmEmail, emailNotice } from './templates/account-email.template.js';
import type { MailText } from './templates/mail.document.js';

/** Sends what is to be told of a change of an address. As with reports, it keeps no record of its own. */
@Injectable()
export class SendAccountEmail {
  constructor(
    private readonly lookup: DeliveryLookup,
    private readonly mails: MailSender,
    private readonly changes: EmailChangeDirectory,
  ) {}

  /**
   * @param linkUrl the page that confirms; the token is behind `#`, where no server, log or referrer sees it
   * @throws MailThrottledError, MailRefusedError, MailDeferredError, MailServerUnavailableError
   */
  async execute(email: AccountEmail, linkUrl: string, delivery: ReportDelivery): Promise<void> {
    const { messageId, attempt, throwIfRevoked } = delivery;
    const messageIdHeader = `<${email.mail}.${email.changeId}@fourfold.example>`;
    if (attempt > 1 && (await this.lookup.accepted(messageIdHeader)) === 'yes') return;
    const about = await this.contentOf(email, linkUrl);
    // Confirmed, expired, or another address was asked for since: the link would be good for nothing.
    if (!about) return;
    const { to, content } = about;
    await this.mails.awaitTurn('account', { messageId, address: to });
    throwIfRevoked();
    const mail = { messageIdHeader, to: { name: '', email: to }, content };
    await this.mails.send('account', mail, { 'email.change': email.changeId });
  }

  private async contentOf(
    email: AccountEmail,
    linkUrl: string,
  ): Promise<{ to: string; content: MailText } | undefined> {
    if (email.mail === 'email-notice') return { to: email.to, content: emailNotice(email.wanted) };
    const change = await this.changes.find(email.userId, email.changeId);
    return change
      ? { to: change.email, content: confirmEmail(`${linkUrl}#${change.token}`, change.expiresAt) }
      : undefined;
  }
}
