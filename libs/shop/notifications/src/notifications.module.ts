import { type DynamicModule, Inject, Module, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { DependencyProbes } from '@fourfold/kernel';
import { createTransport, type Transporter } from 'nodemailer';
import { DeliveryLookup, NoDeliveryLookup } from './delivery.lookup.js';
import { MaildevLookup } from './maildev.lookup.js';
import { askMailServer } from './mail.server.js';
import { MAIL_SERVER } from './notifications.errors.js';
import { NotificationsMetrics } from './notifications.metrics.js';
import { MAIL_TRANSPORT, SENDER, SMTP_URL } from './notifications.tokens.js';
import { SendOutcomeEmail } from './send-outcome-email.command.js';

export interface NotificationsOptions {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  smtpUrl: string;
  /** `Name <address>` of every e-mail. */
  sender: string;
  /** The local mail catcher's page, which can be asked what it has. Leave it out for plain SMTP. */
  mailCatcherUrl?: string | undefined;
}

/** Connections kept open: a handshake per e-mail would be most of its cost. */
const CONNECTIONS = 10;
const SMTP_TIMEOUT_MS = 10_000;

@Module({})
export class NotificationsModule implements OnApplicationShutdown {
  constructor(
    @Inject(MAIL_TRANSPORT) private readonly transport: Transporter,
    @Inject(SMTP_URL) smtpUrl: string,
    @Optional() probes?: DependencyProbes,
  ) {
    probes?.add(MAIL_SERVER, () => askMailServer(smtpUrl));
  }

  static forRoot({ smtpUrl, sender, mailCatcherUrl }: NotificationsOptions): DynamicModule {
    return {
      module: NotificationsModule,
      providers: [
        SendOutcomeEmail,
        NotificationsMetrics,
        { provide: SENDER, useValue: sender },
        { provide: SMTP_URL, useValue: smtpUrl },
        { provide: MAIL_TRANSPORT, useFactory: () => pooledTransport(smtpUrl) },
        {
          provide: DeliveryLookup,
          useFactory: () => (mailCatcherUrl ? new MaildevLookup(mailCatcherUrl) : new NoDeliveryLookup()),
        },
      ],
      exports: [SendOutcomeEmail],
    };
  }

  onApplicationShutdown(): void {
    this.transport.close();
  }
}

function pooledTransport(url: string): Transporter {
  return createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    connectionTimeout: SMTP_TIMEOUT_MS,
    greetingTimeout: SMTP_TIMEOUT_MS,
    socketTimeout: SMTP_TIMEOUT_MS,
    // Anything the message refers to would be read from this machine.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
