export type { AroundJob } from './around-job.js';
export { fullJitterBackOff } from './back-off.js';
export { BullPublisher } from './bull.publisher.js';
export { type JobContext, type JobProcessor, ProcessorFor } from './processor-for.js';
export { defineQueue, type QueueDefinition } from './queue.definition.js';
export { queueEnv } from './queue.env.js';
export { QueueModule, type QueueModuleOptions } from './queue.module.js';
