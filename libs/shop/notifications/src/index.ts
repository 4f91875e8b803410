import { EmailEntity } from './email.entity.js';
import { CountTries1764100000800 } from './migrations/count-tries.migration.js';
import { CreateEmails1764000000800 } from './migrations/create-emails.migration.js';

export { DeliveryLookup } from './delivery.lookup.js';
export { notificationsEnv } from './notifications.env.js';
export { NotificationsModule, type NotificationsOptions } from './notifications.module.js';
export { MailServerUnavailableError } from './notifications.errors.js';
export { SendOutcomeEmail } from './send-outcome-email.command.js';

export const notificationsEntities = [EmailEntity];

/** Migrations of the main cluster that this library needs. */
export const notificationsMigrations = [CreateEmails1764000000800, CountTries1764100000800];
