import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { QUEUE_STATE, queueKey, SET_PAUSED, workersKey } from '../bull/queue-scripts.js';
import { repeatKey, RUN_NOW, scheduleKey } from '../bull/schedule-scripts.js';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions, InjectQueueRedis, type QueueRedis } from '../queue.tokens.js';
import { OperatingConnection } from './operating.connection.js';
import { QueueNotFoundError, QueueNotScheduledError, RunUnderWayError } from './queue.errors.js';
import { type ScheduleState, scheduleStateOf } from './schedule-state.js';
import { HEARTBEAT_COUNTS_MS } from './worker-heartbeat.js';

export interface QueueCounts {
  waiting: number;
  active: number;
  /** Not due yet; most of them wait for their next try. */
  delayed: number;
  failed: number;
  /** What waits on a queue that is paused. */
  paused: number;
}

export interface QueueState {
  counts: QueueCounts;
  /** No worker takes a job of it until it is resumed. */
  paused: boolean;
  /** How long the job that is next in line has waited, ms; null when none does. */
  oldestWaitingMs: number | null;
  /** Processes that process its jobs, by their heartbeats of the last 15 s. */
  workers: number;
  /** Null for a queue without one. */
  schedule: ScheduleState | null;
}

/** How a queue is, and how it was declared. */
export interface QueueOverview
  extends QueueState, Pick<QueueDefinition, 'concurrency' | 'attempts' | 'priority' | 'isolation'> {
  name: string;
}

export interface PauseOutcome {
  name: string;
  paused: boolean;
  /** False when it was so already. */
  changed: boolean;
}

export interface RunNowOutcome {
  name: string;
  /** Of the run, in the logs. */
  messageId: string;
}

/**
 * What an operator can see and do, from any process, also one without processors.
 * Everything here fails within about a second while Redis is away, with `QueueUnavailableError`.
 */
@Injectable()
export class QueueOperations {
  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    @InjectQueueRedis() private readonly redis: QueueRedis,
    private readonly connection: OperatingConnection,
  ) {}

  /** Every declared queue, in the order of declaration. @throws QueueUnavailableError */
  overview(): Promise<QueueOverview[]> {
    return Promise.all(
      this.definitions.map(async ({ name, concurrency, attempts, priority, isolation }) => ({
        name,
        ...(await this.stateOf(name)),
        concurrency,
        attempts,
        priority,
        isolation,
      })),
    );
  }

  /**
   * No worker takes a job of the queue any more, until it is resumed; jobs in hand are finished, and new ones wait.
   * @throws QueueNotFoundError, QueueUnavailableError
   */
  pause(name: string): Promise<PauseOutcome> {
    return this.setPaused(name, true);
  }

  /** @throws QueueNotFoundError, QueueUnavailableError */
  resume(name: string): Promise<PauseOutcome> {
    return this.setPaused(name, false);
  }

  /**
   * Adds a run of a scheduled queue beside those of its ticks. A tick that comes while it is under way is skipped.
   * @throws QueueNotFoundError, QueueNotScheduledError, RunUnderWayError, QueueUnavailableError
   */
  async runNow(name: string): Promise<RunNowOutcome> {
    const { attempts } = this.declared(name);
    const id = `run-now:${randomUUID()}`;
    const messageId = `${id}:${name}`.slice(0, 100);
    const keys = [
      scheduleKey(this.redis.prefix, name),
      ...this.keysOf(name, id, 'wait', 'paused', 'meta-paused'),
    ];
    const options = JSON.stringify({ attempts, jobId: id, removeOnComplete: true, delay: 0 });
    const jobs = queueKey(this.redis.prefix, name, '');
    const answer = await this.connection.eval(RUN_NOW, ...keys, id, jobs, messageId, options);
    if (answer === 'unscheduled') throw new QueueNotScheduledError(name);
    if (answer === 'under-way') throw new RunUnderWayError(name);
    return { name, messageId };
  }

  /** All figures of one moment, in one round trip. */
  private async stateOf(queue: string): Promise<QueueState> {
    const keys = this.keysOf(queue, 'wait', 'paused', 'active', 'delayed', 'failed', 'meta-paused');
    const { prefix } = this.redis;
    keys.push(workersKey(prefix, queue), scheduleKey(prefix, queue), repeatKey(prefix, queue));
    keys.push(queueKey(prefix, queue, ''));
    const answer = (await this.connection.eval(QUEUE_STATE, ...keys, HEARTBEAT_COUNTS_MS)) as unknown[];
    const [waiting, paused, active, delayed, failed, isPaused, oldest, workers] = answer as number[];
    const [tick, running, schedule] = answer.slice(8) as Parameters<typeof scheduleStateOf>;
    return {
      counts: { waiting: waiting!, active: active!, delayed: delayed!, failed: failed!, paused: paused! },
      paused: isPaused === 1,
      oldestWaitingMs: oldest! < 0 ? null : oldest!,
      workers: workers!,
      schedule: scheduleStateOf(tick, running, schedule),
    };
  }

  private async setPaused(name: string, paused: boolean): Promise<PauseOutcome> {
    this.declared(name);
    const [from, to, event] = paused
      ? (['wait', 'paused', 'paused'] as const)
      : (['paused', 'wait', 'resumed'] as const);
    const keys = this.keysOf(name, from, to, 'meta-paused', 'meta', event);
    const changed = await this.connection.eval(SET_PAUSED, ...keys, event);
    return { name, paused, changed: changed === 1 };
  }

  private declared(name: string): QueueDefinition {
    const found = this.definitions.find((definition) => definition.name === name);
    if (found) return found;
    throw new QueueNotFoundError(
      name,
      this.definitions.map((definition) => definition.name),
    );
  }

  private keysOf(queue: string, ...keys: string[]): string[] {
    return keys.map((key) => queueKey(this.redis.prefix, queue, key));
  }
}
