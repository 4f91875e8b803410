import type { Type } from '@nestjs/common';
import { ConfigurationError, LONGEST_TIMER_MS, parseOptions } from '@fourfold/kernel';
import { redisOptionsSchema } from '@fourfold/redis';
import { z } from 'zod';
import { stopThisProcess } from './graceful-stop.js';
import type { AroundJob } from './processors/processor-for.js';
import { type QueueDefinition, queuesSchema } from './queue-definition.js';
import { scheduleSchema } from './queue-schedule.js';

const MIB = 1_024 * 1_024;
const DAY_SECONDS = 86_400;
/** A child that opened its parent's debugger port would not start. */
const execArgv = process.execArgv.filter((flag) => !flag.startsWith('--inspect'));

const count = z.int().min(1);
const positiveMs = z.number().positive().max(LONGEST_TIMER_MS);
const ms = z.number().nonnegative().max(LONGEST_TIMER_MS);

const childSchema = z.strictObject({
  /** The script of a child process; it ends with `serveJobs(app)`. */
  entry: z.instanceof(URL, { error: 'must be a URL: that of the script' }),
  /** Options of Node itself for it. Default: those of this process, without its debugger's port. */
  execArgv: z.array(z.string()).readonly().default(execArgv),
  /** A child is replaced after this many jobs. Default 1,000. */
  maxJobs: count.default(1_000),
  /** A child whose memory (RSS) is larger than this after a job is replaced. Bytes. Default 512 MiB. */
  maxRssBytes: z
    .number()
    .positive()
    .default(512 * MIB),
  /** How long a child may take until it can run jobs. Milliseconds. Default 30,000. */
  startMs: positiveMs.default(30_000),
  /**
   * `low`: a child has the processor when this process and others don't want it; give it a longer `startMs` then. In a
   * container of its own there is no other process, and it changes nothing. Default `normal`.
   */
  priority: z.enum(['normal', 'low']).default('normal'),
});

const optionsSchema = z.strictObject({
  /** A URL, a URL with more, or a function that makes clients. */
  redis: redisOptionsSchema,
  /** Before every key; in braces for Redis Cluster, e.g. `{fourfold}`. */
  prefix: z.string().min(1),
  /** How long a publisher waits for Redis to confirm a batch. Milliseconds. Default 5,000. */
  publishDeadlineMs: positiveMs.default(5_000),
  /**
   * A connection of the queues on which Redis has left a command unanswered for this long is given up for a new one.
   * Milliseconds. Default 10,000.
   */
  silenceMs: positiveMs.default(10_000),
  /** For how long a job is this worker's without a renewal. Milliseconds. Default 10,000. */
  lockMs: positiveMs.default(10_000),
  /** Jobs at once in this process, over all queues that are not isolated. Default 32. */
  jobsAtOnce: count.default(32),
  /** How long jobs in hand get to finish when the process stops, before they are asked to give up. Milliseconds. Default 15,000. */
  drainMs: ms.default(15_000),
  /** How long they get to give up. Milliseconds. Default 3,000. */
  abortGraceMs: ms.default(3_000),
  /** How long dead letters are kept after they were resolved. Default 90 days. */
  keepDeadLettersSeconds: z
    .int()
    .min(0)
    .default(90 * DAY_SECONDS),
  /**
   * Called when a handler in this process is over its hard limit, whatever has become of its job: only the end of the
   * process stops it. Its job is being moved to the dead ones in this moment: leave a little time for that. Default:
   * the process stops, and exits with 1.
   */
  onStuck: z
    .custom<(error: Error) => void>((value) => typeof value === 'function', 'must be a function')
    .optional(),
  /** Needed when a queue is isolated. */
  child: childSchema.optional(),
  /** Queues to which a job is added at every tick of a cron expression; one of all workers runs it. Default none. */
  schedules: z
    .array(scheduleSchema)
    .refine((schedules) => new Set(schedules.map(({ queue }) => queue)).size === schedules.length, {
      error: 'each queue may have one schedule',
    })
    .readonly()
    .default([]),
});

/** Of `forRoot`, and what the factory of `forRootAsync` gives. */
export type QueueModuleOptions = z.input<typeof optionsSchema>;
export type QueueSettings = Readonly<
  z.output<typeof optionsSchema> & Required<Pick<QueueModuleOptions, 'onStuck'>>
>;
export type ChildOptions = Readonly<z.output<typeof childSchema>>;

/** Beside the options, also of `forRootAsync`: what the module is made of. */
export interface QueueModuleExtras {
  /** Every queue that the process publishes to; those with a `@ProcessorFor` class in it are processed here too. */
  queues: readonly QueueDefinition[];
  /**
   * `worker`: publishes messages and processes jobs. `client`: only operates the queues. It starts and is ready without
   * their Redis, and each call fails at once while that is away. Default `worker`.
   */
  role?: 'worker' | 'client' | undefined;
  /**
   * Whether this worker turns failed jobs into dead letters and delivers them anew when their time has come; one of all
   * workers must. Needs `OutboxModule` and TypeORM's `DataSource`. Default true.
   */
  sweepDeadLetters?: boolean | undefined;
  /** A provider of any module; each job runs inside its `run`. Default: nothing around it. */
  aroundJob?: Type<AroundJob> | undefined;
}

export const queueExtraSchemas = {
  queues: queuesSchema,
  role: z.enum(['worker', 'client']).default('worker'),
  sweepDeadLetters: z.boolean().default(true),
  aroundJob: z
    .custom<Type<AroundJob>>((value) => typeof value === 'function', 'must be a class')
    .nullable()
    .default(null),
};
const extrasSchema = z.object(queueExtraSchemas);

export const noExtras: QueueModuleExtras = {
  queues: [],
  role: undefined,
  sweepDeadLetters: undefined,
  aroundJob: undefined,
};

/**
 * @param queues the declared ones, which schedules may be of
 * @throws ConfigurationError
 */
export function queueSettings(options: unknown, queues: readonly QueueDefinition[]): QueueSettings {
  const settings = parseOptions('QueueModule', optionsSchema, options, Object.keys(noExtras));
  const problems = settings.schedules.flatMap(({ queue, payload }, index) => {
    const definition = queues.find(({ name }) => name === queue);
    if (!definition) return [`schedules.${index}.queue: no queue named ${JSON.stringify(queue)} is declared`];
    const { error } = definition.payload.safeParse(payload);
    return error ? [`schedules.${index}.payload: does not fit queue ${queue}: ${error.message}`] : [];
  });
  if (problems.length > 0) throw new ConfigurationError('QueueModule', problems, 'options');
  return { ...settings, onStuck: settings.onStuck ?? stopThisProcess(settings) };
}

/** @throws ConfigurationError */
export const queueExtras = (extras: QueueModuleExtras): z.output<typeof extrasSchema> =>
  parseOptions('QueueModule', extrasSchema, extras);
