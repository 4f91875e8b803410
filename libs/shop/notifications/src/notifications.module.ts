import { type DynamicModule, Inject, Module, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { DependencyProbes } from '@fourfold/kernel';
import type { Transporter } from 'nodemailer';
import { DataSource } from 'typeorm';
import { DeliveryLookup, NoDeliveryLookup } from './delivery.lookup.js';
import { EmailsRetention } from './emails.retention.js';
import { MailLimits } from './limits/mail.limits.js';
import { MaildevLookup } from './maildev.lookup.js';
import { MAIL_SERVER } from './notifications.errors.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import {
  type NotificationsOptions,
  type NotificationsSettings,
  notificationsSettings,
} from './notifications.options.js';
import { MAIL_TRANSPORT, NOTIFICATIONS_OPTIONS } from './notifications.tokens.js';
import { SendAccountEmail } from './send-account-email.command.js';
import { SendOutcomeEmail } from './send-outcome-email.command.js';
import { SendReportEmail } from './send-report-email.command.js';
import { MailSender } from './sending/mail.sender.js';
import { askMailServer, pooledTransport } from './sending/mail.transport.js';

@Module({})
export class NotificationsModule implements OnApplicationShutdown {
  constructor(
    @Inject(MAIL_TRANSPORT) private readonly transport: Transporter,
    private readonly limits: MailLimits,
    @Inject(NOTIFICATIONS_OPTIONS) { smtpUrl }: NotificationsSettings,
    @Optional() probes?: DependencyProbes,
  ) {
    probes?.add(MAIL_SERVER, () => askMailServer(smtpUrl));
  }

  /** @throws ConfigurationError */
  static forRoot(options: NotificationsOptions): DynamicModule {
    const settings = notificationsSettings(options);
    const { smtpUrl, smtpSilenceMs, keepEmailsSeconds, mailCatcherUrl } = settings;
    return {
      module: NotificationsModule,
      providers: [
        SendOutcomeEmail,
        SendReportEmail,
        SendAccountEmail,
        MailSender,
        NotificationsMetrics,
        { provide: NOTIFICATIONS_OPTIONS, useValue: settings },
        { provide: MAIL_TRANSPORT, useFactory: () => pooledTransport(smtpUrl, smtpSilenceMs) },
        { provide: MailLimits, useFactory: () => new MailLimits(settings) },
        {
          provide: EmailsRetention,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => new EmailsRetention(dataSource, keepEmailsSeconds),
        },
        {
          provide: DeliveryLookup,
          useFactory: () => (mailCatcherUrl ? new MaildevLookup(mailCatcherUrl) : new NoDeliveryLookup()),
        },
      ],
      exports: [SendOutcomeEmail, SendReportEmail, SendAccountEmail],
    };
  }

  onApplicationShutdown(): void {
    this.transport.close();
    this.limits.close();
  }
}
