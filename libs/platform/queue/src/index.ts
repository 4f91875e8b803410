import { CreateDeadLetters1764000000900 } from './migrations/create-dead-letters.migration.js';
import { DeadLettersByQueue1764200000900 } from './migrations/dead-letters-by-queue.migration.js';
import { ResolvedLetters1764400000900 } from './migrations/resolved-letters.migration.js';

export type { BackOff } from '@fourfold/kernel';
export { BullPublisher } from './bull.publisher.js';
export { type DeadReason, deadReasons } from './dead-reason.js';
export {
  HardLimitError,
  LockLostError,
  PostponedJobError,
  ShuttingDownError,
  SoftLimitError,
  UnrecoverableJobError,
} from './job.errors.js';
export { serveJobs } from './children/serve-jobs.js';
export {
  type AroundJob,
  type CommittedJob,
  type GroupedJob,
  type GroupedJobProcessor,
  type JobContext,
  type JobProcessor,
  ProcessorFor,
  type ProcessorOptions,
  type Together,
  type TransactionalJobContext,
  type TransactionalJobProcessor,
} from './processors/processor-for.js';
export { type AutoRedrive } from './auto-redrive.js';
export {
  type BulkRedriveOptions,
  type BulkRedriveOutcome,
  type BulkRedrivePreview,
  bulkRedriveLimits,
  DeadLetterOperations,
  type ListDeadLetters,
} from './dead-letters/dead-letter.operations.js';
export {
  type DeadLetter,
  type DeadLetterStatus,
  deadLetterStatuses,
  type DeadLetterSummary,
  type LetterFilter,
} from './dead-letters/dead-letter.js';
export {
  DeadLetterNotFoundError,
  DeadLetterResolvedError,
  DeadLetterUndeliverableError,
  DeadLetterUnderWayError,
} from './dead-letters/dead-letter.errors.js';
export { DeadLettersModule, type DeadLettersModuleOptions } from './dead-letters/dead-letters.module.js';
export { defineQueue, type Isolation, type PriorityClass, type QueueDefinition } from './queue-definition.js';
export { queueEnv } from './queue.env.js';
export {
  QueueNotFoundError,
  QueueNotScheduledError,
  QueueUnavailableError,
  RunUnderWayError,
} from './operating/queue.errors.js';
export type { ScheduledRun, ScheduleState } from './operating/schedule-state.js';
export {
  type PauseOutcome,
  type QueueCounts,
  QueueOperations,
  type QueueOverview,
  type QueueState,
  type RunNowOutcome,
} from './operating/queue.operations.js';
export { QueueViews } from './operating/queue-views.js';
export { QueueModule } from './queue.module.js';
export { cronSchema, type QueueSchedule, timeZoneSchema } from './queue-schedule.js';
export type { QueueModuleExtras, QueueModuleOptions } from './queue.options.js';
export { RedisOutboxSignal } from './redis-outbox.signal.js';

/** Migrations of the main cluster that this library needs, beside those of the outbox. */
export const queueMigrations = [
  CreateDeadLetters1764000000900,
  DeadLettersByQueue1764200000900,
  ResolvedLetters1764400000900,
];
