import { Inject } from '@nestjs/common';

export const QUEUE_DEFINITIONS = Symbol('QUEUE_DEFINITIONS');

export const InjectQueueDefinitions = (): ParameterDecorator => Inject(QUEUE_DEFINITIONS);

/** How long the process waits for Redis. */
export interface QueueDeadlines {
  publishMs: number;
}

export const QUEUE_DEADLINES = Symbol('QUEUE_DEADLINES');

/** The class of the `AroundJob`, or null. */
export const AROUND_JOB = Symbol('AROUND_JOB');

export const InjectAroundJob = (): ParameterDecorator => Inject(AROUND_JOB);

export const InjectQueueDeadlines = (): ParameterDecorator => Inject(QUEUE_DEADLINES);

/** Where the queues are. */
export interface QueueRedis {
  redisUrl: string;
  /** Before every key. */
  prefix: string;
}

export const QUEUE_REDIS = Symbol('QUEUE_REDIS');

export const InjectQueueRedis = (): ParameterDecorator => Inject(QUEUE_REDIS);
