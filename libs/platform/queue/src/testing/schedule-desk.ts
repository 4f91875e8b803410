import { randomBytes } from 'node:crypto';
import { eventually } from '@fourfold-tools/testing';
import type { Type } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { JobContext } from '../processors/processor-for.js';
import { ClientApp } from './client-app.js';
import { handles } from './handles.js';
import { QueueApp, type QueueAppOptions } from './queue-app.js';
import { letters } from './queues.js';

type Handle = (payload: { to: string }, context: JobContext) => unknown;
type Schedules = NonNullable<QueueAppOptions['schedules']>;

/** Its ticks are far away: a test makes one come by `promote`, and no other comes meanwhile. */
export const yearly: Schedules[number] = { queue: letters.name, cron: '0 0 1 1 *', payload: { to: 'us' } };

/** The workers, an operator and the Redis of tests of schedules. */
export class ScheduleDesk {
  readonly prefix = `{test-${randomBytes(5).toString('hex')}}`;
  readonly redis: Redis;
  private readonly apps: { close(): Promise<void> }[] = [];

  constructor(private readonly redisUrl: string) {
    this.redis = new Redis(redisUrl);
    this.redis.on('error', () => {});
  }

  /** A worker that has declared its schedules. */
  async worker(
    schedules: Schedules,
    { handle, ...options }: QueueAppOptions & { handle?: Handle } = {},
  ): Promise<QueueApp> {
    const processors: Type[] = handle ? [handles(letters, handle)] : [];
    const more = { prefix: this.prefix, schedules, ...options };
    const app = await QueueApp.start(this.redisUrl, processors, more);
    this.apps.push(app);
    await eventually(async () => {
      const declared = (await this.redis.smembers(`${this.prefix}:schedules`)).sort();
      return (
        declared.join() ===
        schedules
          .map(({ queue }) => queue)
          .sort()
          .join()
      );
    });
    for (const { queue } of schedules)
      await eventually(async () => (await this.repeatables(queue)).length > 0);
    return app;
  }

  async client(): Promise<ClientApp> {
    const app = await ClientApp.start(this.redisUrl, this.prefix);
    this.apps.push(app);
    await eventually(() => app.operations.overview());
    return app;
  }

  /** Bull's names of the repeatables of a queue. */
  repeatables(queue: string = letters.name): Promise<string[]> {
    return this.redis.zrange(`${this.prefix}:${queue}:repeat`, 0, -1);
  }

  /** Jobs of ticks that are not due. */
  delayed(queue: string = letters.name): Promise<string[]> {
    return this.redis.zrange(`${this.prefix}:${queue}:delayed`, 0, -1);
  }

  /** The next tick comes. @returns it, in ms */
  async promote(app: QueueApp): Promise<number> {
    const job = await eventually(async () => (await app.queue().getDelayed())[0] ?? false);
    await job.promote();
    return (job.opts as { prevMillis: number }).prevMillis;
  }

  /** Waits until no job of the queue is left but that of the next tick. */
  async quiet(app: QueueApp): Promise<void> {
    await eventually(async () => {
      const { waiting, active, delayed, failed } = await app.queue().getJobCounts();
      return waiting + active + failed === 0 && delayed === 1;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
    this.redis.disconnect();
  }
}
