import { Injectable } from '@nestjs/common';
import { traced } from '@fourfold/observability/tracing';
import { SpanKind } from '@opentelemetry/api';
import type { UserView } from '@shop/contracts';
import type { Transporter } from 'nodemailer';
import { MailLimits } from '../limits/mail.limits.js';
import { type MailKind, NotificationsMetrics } from '../notifications.metrics.js';
import type { NotificationsSettings } from '../notifications.options.js';
import { InjectMailTransport, InjectNotificationsOptions } from '../notifications.tokens.js';
import type { MailText } from '../templates/mail.document.js';
import { addressing } from './mail.addressing.js';
import { mailFault } from './mail.faults.js';

export interface Mail {
  /** The same at each attempt: `<…@…>`. */
  messageIdHeader: string;
  to: Pick<UserView, 'name' | 'email'>;
  content: MailText;
}

export interface MailTurn {
  readonly messageId: string;
  readonly address: string;
  readonly isSent?: () => Promise<boolean>;
}

const notKnown = (): Promise<boolean> => Promise.resolve(false);

/** The one way from here to the mail server, and what it is counted by. */
@Injectable()
export class MailSender {
  constructor(
    private readonly metrics: NotificationsMetrics,
    private readonly limits: MailLimits,
    @InjectMailTransport() private readonly transport: Transporter,
    @InjectNotificationsOptions()
    private readonly settings: Pick<NotificationsSettings, 'sender' | 'smtpMailMs'>,
  ) {}

  /**
   * To be called before a mail is sent, and before anything is noted of it.
   * @param turn the turn is kept under `messageId`; `isSent` is asked where there are limits: a mail that was sent before,
   * as when its job comes again after a crash, takes none
   * @throws MailThrottledError when its turn has not come
   */
  async awaitTurn(kind: MailKind, turn: MailTurn): Promise<void> {
    const { messageId, address, isSent = notKnown } = turn;
    if (!this.limits.areSet || (await isSent())) return;
    try {
      await this.limits.turnOf(messageId, address);
    } catch (error) {
      this.metrics.failed(kind, error);
      throw error;
    }
  }

  /**
   * @param about the attributes of its span
   * @throws MailRefusedError, MailDeferredError, MailServerUnavailableError
   */
  async send(kind: MailKind, mail: Mail, about: Record<string, string>): Promise<void> {
    const { messageIdHeader: messageId, to, content } = mail;
    const message = { ...addressing(this.settings.sender, to), messageId, ...content };
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.settings.smtpMailMs);
    try {
      await traced('mail send', { kind: SpanKind.CLIENT, attributes: about }, () =>
        this.transport.sendMail({ ...message, signal: late.signal }),
      );
    } catch (thrown) {
      const error = mailFault(thrown);
      this.metrics.failed(kind, error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.metrics.sent(kind);
  }
}
