import { CreateOutbox1764000000200 } from './migrations/create-outbox.migration.js';

export { Inbox } from './inbox.js';
export { type OutboxMessage, OutboxPublisher, type RelayedMessage } from './outbox.message.js';
export { OutboxModule } from './outbox.module.js';
export { OutboxRelay } from './outbox.relay.js';
export { LocalSignal, OutboxSignal } from './outbox.signal.js';
export { Outbox, type OutboxState } from './outbox.js';

/** Migrations of the main cluster that this library needs. */
export const outboxMigrations = [CreateOutbox1764000000200];
