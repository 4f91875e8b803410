import { Injectable, Logger } from '@nestjs/common';
import type { Job } from 'bull';
import { BEGIN, END, scheduleKey } from '../bull/schedule-scripts.js';
import type { JobData } from '../job-data.js';
import { QueueMetrics, type SkipReason } from '../queue.metrics.js';
import type { QueueSettings } from '../queue.options.js';
import { overdueAfter, type QueueSchedule } from '../queue-schedule.js';
import { InjectQueueRedis, InjectQueueSettings, type QueueRedis } from '../queue.tokens.js';

/** Of the job of a tick, its time in ms; undefined for any other job. */
function tickOf(job: Job): number | undefined {
  const { repeat, prevMillis } = (job.opts ?? {}) as { repeat?: object; prevMillis?: number };
  return repeat && prevMillis;
}

/**
 * The runs of queues that have a schedule: one at a time, of all workers and of whatever asked for it, and one for each
 * tick. A tick that comes while a run is under way is skipped.
 */
@Injectable()
export class ScheduledRuns {
  private readonly logger = new Logger(ScheduledRuns.name);
  private readonly byQueue: ReadonlyMap<string, QueueSchedule>;

  constructor(
    @InjectQueueSettings() { schedules }: Pick<QueueSettings, 'schedules'>,
    @InjectQueueRedis() private readonly redis: Pick<QueueRedis, 'prefix'>,
    private readonly metrics: QueueMetrics,
  ) {
    this.byQueue = new Map(schedules.map((schedule) => [schedule.queue, schedule]));
  }

  concerns(queue: string, job: Job): boolean {
    return this.byQueue.has(queue) || tickOf(job) !== undefined;
  }

  /** Bull gives the jobs of all ticks the same data. To be called before anything reads the message id of `job`. */
  giveMessageId(job: Job<JobData>): void {
    const tick = tickOf(job);
    if (tick !== undefined) job.data = { ...job.data, messageId: `schedule:${job.queue.name}:${tick}` };
  }

  /** @returns whether it is to run; else it is to be completed */
  async begin(job: Job<JobData>): Promise<boolean> {
    const { queue } = job;
    const keys = [scheduleKey(this.redis.prefix, queue.name), queue.toKey(String(job.id))];
    const tick = tickOf(job);
    const about = [String(job.id), tick ?? '', queue.toKey(''), JSON.stringify(job.data)];
    const answer = (await queue.client.eval(BEGIN.lua, BEGIN.keys, ...keys, ...about)) as
      'begun' | SkipReason;
    if (answer === 'begun') return true;
    this.metrics.scheduleSkipped.inc({ queue: queue.name, reason: answer });
    this.logger.warn(
      { queue: queue.name, tick: tick === undefined ? undefined : new Date(tick), reason: answer },
      `A run of queue ${queue.name} was skipped: ${reasons[answer]}`,
    );
    return false;
  }

  /** @param outcome `failed`: an attempt; `dead`: the last one */
  async end(job: Job<JobData>, outcome: 'succeeded' | 'failed' | 'dead'): Promise<void> {
    const { queue } = job;
    const schedule = this.byQueue.get(queue.name);
    const about = [
      String(job.id),
      tickOf(job) ?? '',
      outcome === 'succeeded' ? outcome : 'failed',
      outcome === 'failed' ? 0 : 1,
      schedule ? overdueAfter(schedule, Date.now()) : '',
    ];
    try {
      await queue.client.eval(END.lua, END.keys, scheduleKey(this.redis.prefix, queue.name), ...about);
    } catch (error) {
      // The run is over all the same. Its lock goes with its job, so the next one may begin.
      this.logger.error(
        { err: error, queue: queue.name },
        `The end of a run of queue ${queue.name} is not noted`,
      );
    }
  }
}

const reasons: Readonly<Record<SkipReason, string>> = {
  removed: 'the queue has no schedule any more',
  repeated: 'its tick, or a later one, has had its run',
  overlapping: 'another one is under way, or was when its tick came',
};
