import { Injectable } from '@nestjs/common';
import { AppError } from '@fourfold/kernel';
import { counter, histogram, startAtZero } from '@fourfold/observability/metrics';
import { parseSnowflake } from '@fourfold/sharding';
import type { OutcomeEmail, ReportEmail } from '@shop/contracts';

const outcomes: readonly OutcomeEmail['outcome'][] = ['confirmed', 'rejected', 'cancelled'];

const kinds = ['outcome', 'report', 'account'] as const;
/** What a mail is about: how an order ended, a report, or a change of an address. */
export type MailKind = (typeof kinds)[number];

const resultOfCode = {
  'mail-refused': 'refused',
  'mail-deferred': 'deferred',
  'mail-unavailable': 'unavailable',
  'mail-throttled': 'throttled',
} as const;

@Injectable()
export class NotificationsMetrics {
  private readonly mails = counter({
    name: 'mails_total',
    help: 'Attempts to send a mail, by what came of them',
    labelNames: ['mail', 'result'],
  });

  private readonly mailSeconds = histogram(
    {
      name: 'order_mail_seconds',
      help: 'From the acceptance of an order until its e-mail was sent, by the outcome that the e-mail tells',
      labelNames: ['outcome'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
    },
    outcomes.map((outcome) => ({ outcome })),
  );

  private readonly reportMailSeconds = histogram({
    name: 'report_mail_seconds',
    help: 'From the request for a report until the e-mail that it is ready was sent',
    buckets: [1, 5, 15, 60, 300, 900, 1_800, 7_200, 86_400],
  });

  constructor() {
    startAtZero(this.mails, { mail: kinds, result: ['sent', 'error', ...Object.values(resultOfCode)] });
  }

  /** The mail server has taken one. */
  sent(mail: MailKind): void {
    this.mails.inc({ mail, result: 'sent' });
  }

  /** One was not sent. */
  failed(mail: MailKind, error: unknown): void {
    const code = error instanceof AppError ? error.code : '';
    this.mails.inc({ mail, result: resultOfCode[code as keyof typeof resultOfCode] ?? 'error' });
  }

  /** An order's id holds the time of its acceptance. */
  mailed({ outcome, orderId }: Pick<OutcomeEmail, 'outcome' | 'orderId'>): void {
    const acceptedMs = parseSnowflake(orderId).timeMs;
    this.mailSeconds.observe({ outcome }, Math.max(0, Date.now() - acceptedMs) / 1_000);
  }

  reportMailed({ requestedAt }: Pick<ReportEmail, 'requestedAt'>): void {
    this.reportMailSeconds.observe(Math.max(0, Date.now() - Date.parse(requestedAt)) / 1_000);
  }
}
