import { z } from 'zod';

/** The environment variables of e-mail, to be spread into an app's own schema. */
export const notificationsEnv = {
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be a URL like smtp://host:25' }),
  MAIL_FROM: z.string().min(3),
  MAIL_CATCHER_URL: z.url({ protocol: /^https?$/ }).optional(),
};
