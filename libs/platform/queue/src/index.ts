export type { AroundJob } from './processing/around-job.js';
export { type BackOff, fullJitterBackOff } from './back-off.js';
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
export { defineQueue, type Isolation, type PriorityClass, type QueueDefinition } from './queue.definition.js';
export { queueEnv } from './queue.env.js';
export { QueueModule, type QueueModuleOptions } from './queue.module.js';
