import { ClaimByQueue1764100000200 } from './migrations/claim-by-queue.migration.js';
import { CreateOutbox1764000000200 } from './migrations/create-outbox.migration.js';
import { OutboxTrace1764200000200 } from './migrations/outbox-trace.migration.js';

export { InboxGroup, type InboxGroupOptions, type InboxMessage, type Processed } from './inbox.group.js';
export { Inbox } from './inbox.js';
export { InvalidMessageError } from './message-check.js';
export { outboxEnv } from './outbox.env.js';
export {
  type KnownQueue,
  type OutboxMessage,
  OutboxPublisher,
  type RelayedMessage,
} from './outbox.message.js';
export { OutboxModule } from './outbox.module.js';
export {
  KNOWN_QUEUES,
  type OutboxModuleExtras,
  type OutboxModuleOptions,
  type OutboxSettings,
} from './outbox.options.js';
export { LocalSignal, OutboxSignal } from './outbox.signal.js';
export { Outbox, type OutboxState } from './outbox.js';
export { OutboxRelay } from './relaying/outbox.relay.js';

/** Migrations of the main cluster that this library needs. */
export const outboxMigrations = [
  CreateOutbox1764000000200,
  ClaimByQueue1764100000200,
  OutboxTrace1764200000200,
];
