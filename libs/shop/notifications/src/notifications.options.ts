import { parseOptions } from '@fourfold/kernel';
import { redisOptionsSchema } from '@fourfold/redis';
import { z } from 'zod';

const limitsSchema = z.strictObject({
  /** Of the jobs' Redis: it evicts nothing. */
  redis: redisOptionsSchema,
  /** Of the keys; in braces for Redis Cluster. */
  prefix: z.string().min(1),
  /** By all workers together: so many at once, and evenly from then on. Default: no limit. */
  perSecond: z.number().positive().optional(),
  /** To one address: so many at once, and evenly over hours from then on. Default: no limit. */
  perRecipientHour: z.int().min(1).optional(),
});

const optionsSchema = z.strictObject({
  /** `smtp://user:password@host:port`, or `smtps://`. */
  smtpUrl: z.string().min(1),
  /** `Name <address>` of every e-mail. */
  sender: z.string().min(3),
  /** How long rows of e-mails are kept: at least as long as messages may be delivered anew. */
  keepEmailsSeconds: z.int().min(1),
  /** The local mail catcher's page, which can be asked what it has. Leave it out for plain SMTP. */
  mailCatcherUrl: z.string().optional(),
  /** How long the mail server may leave a command without an answer. Default 10 s. */
  smtpSilenceMs: z.int().min(1).default(10_000),
  /**
   * How long one mail may take, from the wait for a connection to the server's last answer: a server that sends a byte now
   * and then is never silent, and would keep its job until the hard limit, which ends the worker. Default 120 s.
   */
  smtpMailMs: z.int().min(1).default(120_000),
  /** Default: none. */
  limits: limitsSchema.optional(),
});

export type NotificationsOptions = z.input<typeof optionsSchema>;
export type NotificationsSettings = z.output<typeof optionsSchema>;

/** @throws ConfigurationError */
export function notificationsSettings(options: NotificationsOptions): NotificationsSettings {
  return parseOptions('NotificationsModule', optionsSchema, options);
}
