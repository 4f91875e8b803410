import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { PeriodicTask, withDeadline } from '@fourfold/kernel';
import { BullQueues } from '../bull/bull-queues.js';
import { queueKey } from '../bull/queue-scripts.js';
import {
  DECLARE,
  DECLARED,
  FORGET,
  repeatableOf,
  repeatKey,
  RETIRE,
  SCHEDULED_QUEUES,
  scheduledQueuesKey,
  scheduleKey,
  tickIdPrefix,
} from '../bull/schedule-scripts.js';
import { OperatingConnection } from '../operating/operating.connection.js';
import type { QueueDefinition } from '../queue-definition.js';
import type { QueueSettings } from '../queue.options.js';
import { overdueAfter, type QueueSchedule } from '../queue-schedule.js';
import {
  InjectQueueDefinitions,
  InjectQueueRedis,
  InjectQueueSettings,
  type QueueRedis,
} from '../queue.tokens.js';

/** How late a schedule comes back that Redis has lost without losing the connection. */
const EVERY_MS = 15_000;

/**
 * Keeps Bull's repeatables as they are declared. At the start of a process: takes away those that are not, or that are
 * declared in another way, since Bull adds a changed one beside the old. Then, from time to time and whenever Redis is
 * back: adds what is missing. Any number of workers may do it at once: a tick's job has one id.
 */
@Injectable()
export class ScheduleKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ScheduleKeeper.name);
  private readonly task: PeriodicTask;
  /** Nothing has been kept yet: what is there may be of an older release. */
  private isFirst = true;
  /** Queues whose schedule another worker has declared in another way; the log has it once. */
  private readonly overruled = new Set<string>();

  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    @InjectQueueSettings() private readonly settings: Pick<QueueSettings, 'schedules' | 'publishDeadlineMs'>,
    @InjectQueueRedis() private readonly redis: QueueRedis,
    private readonly connection: OperatingConnection,
    private readonly bull: BullQueues,
  ) {
    this.task = new PeriodicTask({
      name: 'Keeping the schedules of the queues',
      everyMs: EVERY_MS,
      retryMs: 1_000,
      run: () => this.keep(),
      log: this.logger,
    });
  }

  onApplicationBootstrap(): void {
    this.task.start();
    this.connection.onReady(() => this.task.wake());
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  private async keep(): Promise<void> {
    const { schedules } = this.settings;
    if (this.isFirst) await this.forgetUndeclared();
    for (const schedule of schedules) await this.keepOne(schedule);
    this.isFirst = false;
  }

  private async forgetUndeclared(): Promise<void> {
    const { prefix } = this.redis;
    const known = (await this.connection.eval(SCHEDULED_QUEUES, scheduledQueuesKey(prefix))) as string[];
    const declared = new Set(this.settings.schedules.map(({ queue }) => queue));
    for (const queue of known.filter((name) => !declared.has(name))) {
      const { repeatables } = await this.declaredFor(queue);
      for (const repeatable of repeatables) await this.retire(queue, repeatable, { leavesMissed: false });
      await this.connection.eval(FORGET, scheduleKey(prefix, queue), scheduledQueuesKey(prefix), queue);
    }
  }

  private async keepOne(schedule: QueueSchedule): Promise<void> {
    const { queue, cron, timeZone, payload } = schedule;
    const { prefix } = this.redis;
    const { attempts } = this.definitions.find(({ name }) => name === queue)!;
    const spec = JSON.stringify({ cron, timeZone, payload, attempts });
    const repeatable = repeatableOf(schedule);
    if (this.isFirst) {
      const { spec: found, repeatables } = await this.declaredFor(queue);
      // A repeatable hands its payload and its attempts on to the next tick: a change of those has to begin anew as well.
      const old = found === spec ? repeatables.filter((name) => name !== repeatable) : repeatables;
      for (const name of old) await this.retire(queue, name, { leavesMissed: true });
    }
    const keys = [scheduleKey(prefix, queue), repeatKey(prefix, queue), scheduledQueuesKey(prefix)];
    const is = [queue, spec, repeatable, tickIdPrefix(repeatable), queueKey(prefix, queue, '')];
    const more = [overdueAfter(schedule, Date.now()), this.isFirst ? 1 : 0, JSON.stringify(payload)];
    const answer = await this.connection.eval(DECLARE, ...keys, ...is, ...more);
    if (answer === 'missing') await this.add(schedule, attempts);
    if (answer === 'declared otherwise') this.tellOverruled(queue);
    else this.overruled.delete(queue);
  }

  private tellOverruled(queue: string): void {
    if (this.overruled.has(queue)) return;
    this.overruled.add(queue);
    this.logger.warn(
      { queue },
      `The schedule of queue ${queue} is declared in another way by a worker that started later: that one holds`,
    );
  }

  private async add({ queue, cron, timeZone, payload }: QueueSchedule, attempts: number): Promise<void> {
    // Each run gets a message id of its own when it begins: see `ScheduledRuns`.
    const data = { messageId: `schedule:${queue}`, payload };
    const options = { repeat: { cron, tz: timeZone }, attempts, removeOnComplete: true };
    const { publishDeadlineMs: waitMs } = this.settings;
    const late = () => new Error(`Queue ${queue} did not take its schedule within ${waitMs} ms`);
    await withDeadline(this.bull.of(queue).add(data, options), waitMs, late);
  }

  private async declaredFor(queue: string): Promise<{ spec: string | null; repeatables: string[] }> {
    const { prefix } = this.redis;
    const answer = await this.connection.eval(DECLARED, scheduleKey(prefix, queue), repeatKey(prefix, queue));
    const [spec, repeatables] = answer as [string | null, string[]];
    return { spec, repeatables };
  }

  /** @param options `leavesMissed`: the job of a tick that is due already stays, and runs once */
  private async retire(
    queue: string,
    repeatable: string,
    { leavesMissed }: { leavesMissed: boolean },
  ): Promise<void> {
    const { prefix } = this.redis;
    const keys = [repeatKey(prefix, queue), queueKey(prefix, queue, 'delayed')];
    const jobs = [tickIdPrefix(repeatable), queueKey(prefix, queue, '')];
    await this.connection.eval(RETIRE, ...keys, repeatable, ...jobs, leavesMissed ? 1 : 0);
  }
}
