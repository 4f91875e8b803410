import { Inject } from '@nestjs/common';
import type { RedisSource } from '@fourfold/redis';

export const QUEUE_DEFINITIONS = Symbol('QUEUE_DEFINITIONS');

export const InjectQueueDefinitions = (): ParameterDecorator => Inject(QUEUE_DEFINITIONS);

/** The options of `QueueModule`, with every default in its place: `QueueSettings`. */
export const QUEUE_SETTINGS = Symbol('QUEUE_SETTINGS');

export const InjectQueueSettings = (): ParameterDecorator => Inject(QUEUE_SETTINGS);

/** Where the queues are. */
export interface QueueRedis {
  source: RedisSource;
  /** Before every key. */
  prefix: string;
  /** Whether this process is not ready without it: a worker needs it, one that only operates the queues does not. */
  required: boolean;
}

export const QUEUE_REDIS = Symbol('QUEUE_REDIS');

export const InjectQueueRedis = (): ParameterDecorator => Inject(QUEUE_REDIS);

/** The class of the `AroundJob`, or null. */
export const AROUND_JOB = Symbol('AROUND_JOB');

export const InjectAroundJob = (): ParameterDecorator => Inject(AROUND_JOB);
