export type { AroundJob } from './around-job.js';
export { type BackOff, fullJitterBackOff } from './back-off.js';
export { BullPublisher } from './bull.publisher.js';
export { type DeadReason, deadReasons } from './dead-reason.js';
export { UnrecoverableJobError } from './job.errors.js';
export { type JobContext, type JobProcessor, ProcessorFor } from './processor-for.js';
export { defineQueue, type Isolation, type PriorityClass, type QueueDefinition } from './queue.definition.js';
export { queueEnv } from './queue.env.js';
export { QueueModule, type QueueModuleOptions } from './queue.module.js';
