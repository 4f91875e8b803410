import { z } from 'zod';

/** The environment variables of e-mail, to be spread into an app's own schema. */
export const notificationsEnv = {
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be a URL like smtp://host:25' }),
  MAIL_FROM: z.string().min(3),
  /** The page to which links to confirm an address lead: order-api has one, at `/confirm-email`. */
  EMAIL_LINK_URL: z.url({
    protocol: /^https?$/,
    error: 'must be a URL like https://shop.example/confirm-email',
  }),
  /** How long it is known which e-mails were sent. */
  MAIL_KEEP_DAYS: z.coerce.number().int().min(1).default(60),
  MAIL_CATCHER_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Mails that all workers together send in a second; the mail provider's limit. Left out: no limit. */
  MAIL_MOST_PER_SECOND: z.coerce.number().positive().optional(),
  /** Mails to one address in an hour. Left out: no limit. */
  MAIL_MOST_PER_RECIPIENT_HOUR: z.coerce.number().int().min(1).optional(),
};
