import { EmailEntity } from './email.entity.js';
import { CountTries1764100000800 } from './migrations/count-tries.migration.js';
import { CreateEmails1764000000800 } from './migrations/create-emails.migration.js';
import { EmailsByAge1764400000800 } from './migrations/emails-by-age.migration.js';

export { DeliveryLookup } from './delivery.lookup.js';
export { notificationsEnv } from './notifications.env.js';
export { NotificationsModule } from './notifications.module.js';
export { type NotificationsOptions } from './notifications.options.js';
export {
  MailDeferredError,
  MailRefusedError,
  MailServerUnavailableError,
  MailThrottledError,
} from './notifications.errors.js';
export { SendAccountEmail } from './send-account-email.command.js';
export { SendOutcomeEmail } from './send-outcome-email.command.js';
export { SendReportEmail } from './send-report-email.command.js';

export const notificationsEntities = [EmailEntity];

/** Migrations of the main cluster that this library needs. */
export const notificationsMigrations = [
  CreateEmails1764000000800,
  CountTries1764100000800,
  EmailsByAge1764400000800,
];
