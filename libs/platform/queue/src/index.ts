import { CreateDeadLetters1764000000900 } from './migrations/create-dead-letters.migration.js';
import { DeadLettersByQueue1764200000900 } from './migrations/dead-letters-by-queue.migration.js';

export type { AroundJob } from './processing/around-job.js';
export { type BackOff, equalJitterBackOff } from './back-off.js';
export { BullPublisher } from './bull.publisher.js';
export { type DeadReason, deadReasons } from './dead-reason.js';
export {
  HardLimitError,
  LockLostError,
  ShuttingDownError,
  SoftLimitError,
  UnrecoverableJobError,
} from './job.errors.js';
export { serveJobs } from './children/serve-jobs.js';
export {
  type JobContext,
  type JobProcessor,
  ProcessorFor,
  type ProcessorOptions,
  type TransactionalJobProcessor,
} from './processing/processor-for.js';
export { type AutoRedrive } from './dead-letters/auto-redrive.js';
export {
  type BulkRedriveOptions,
  type BulkRedriveOutcome,
  type BulkRedrivePreview,
  bulkRedriveLimits,
} from './dead-letters/bulk.redrive.js';
export {
  type DeadLetter,
  type DeadLetterStatus,
  deadLetterStatuses,
  type DeadLetterSummary,
} from './dead-letters/dead-letter.js';
export {
  DeadLetterNotFoundError,
  DeadLetterResolvedError,
  DeadLetterUndeliverableError,
  DeadLetterUnderWayError,
} from './dead-letters/dead-letter.errors.js';
export { DeadLetters, type ListDeadLetters } from './dead-letters/dead-letters.js';
export { DeadLettersModule, type DeadLettersModuleOptions } from './dead-letters/dead-letters.module.js';
export type { LetterFilter } from './dead-letters/letter.filter.js';
export { defineQueue, type Isolation, type PriorityClass, type QueueDefinition } from './queue.definition.js';
export { queueEnv } from './queue.env.js';
export type { QueueCounts, QueueState } from './operating/queue-state.reader.js';
export { QueueNotFoundError, QueueUnavailableError } from './operating/queue.errors.js';
export { type PauseOutcome, QueueOperations, type QueueOverview } from './operating/queue.operations.js';
export { QueueViews } from './operating/queue.views.js';
export { type QueueClientOptions, QueueModule, type QueueModuleOptions } from './queue.module.js';
export { RedisOutboxSignal } from './redis-outbox.signal.js';

/** Migrations of the main cluster that this library needs, beside those of the outbox. */
export const queueMigrations = [CreateDeadLetters1764000000900, DeadLettersByQueue1764200000900];
