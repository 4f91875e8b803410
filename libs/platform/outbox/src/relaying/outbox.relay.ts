import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { PeriodicTask, withDeadline } from '@fourfold/kernel';
import { DataSource } from 'typeorm';
import { OutboxPublisher } from '../outbox.message.js';
import { OutboxMetrics } from '../outbox.metrics.js';
import { OutboxSignal } from '../outbox.signal.js';
import { RelayLane } from './relay-lane.js';
import { QUEUES_DUE } from './relaying.sql.js';

const POLL_MS = 100;
/** From one look to the next, however many nudges come: what is committed meanwhile shares its batch. */
const GAP_MS = 25;
const RETRY_MS = 1_000;
/** How long a publisher may take to answer when the process stops; unconfirmed rows go to another relay after their lease. */
const STOP_MS = 10_000;

/**
 * Moves committed messages to their queues: looks which queues have messages due, at each nudge and at least every
 * 100 ms, and wakes their lanes. A lane claims a batch under a lease, publishes it outside any transaction, and marks
 * what the queue confirmed; a crash anywhere in between only means that the batch is published again.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly lanes = new Map<string, RelayLane>();
  private readonly claim = randomUUID();
  private readonly looking = new PeriodicTask({
    name: 'Outbox relay',
    everyMs: POLL_MS,
    retryMs: RETRY_MS,
    stopMs: STOP_MS,
    run: (stopping) => this.look(stopping),
    log: new Logger(OutboxRelay.name),
  });
  private lookedAtMs = -Infinity;
  private nudged: NodeJS.Timeout | undefined;
  private stopped: Promise<unknown> | undefined;
  private stopListening: (() => void)[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: OutboxPublisher,
    private readonly metrics: OutboxMetrics,
    private readonly signal: OutboxSignal,
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.startAtZero(this.publisher.queues);
    this.stopListening = [
      this.signal.onNudge(() => this.nudge()),
      this.publisher.onReturn(() => this.endRests()),
    ];
    this.looking.start();
  }

  /** First at a stop: nothing more is claimed while other modules close. */
  onModuleDestroy(): void {
    this.stopped ??= this.stop();
  }

  /** Lets the batches in hand finish: what they claimed would otherwise wait for its lease to end. */
  async beforeApplicationShutdown(): Promise<void> {
    await (this.stopped ??= this.stop());
  }

  /** Looks at the outbox now, or when the last look is `GAP_MS` ago, instead of at the next poll. */
  nudge(): void {
    if (this.nudged !== undefined || this.looking.isStopping) return;
    const waitMs = this.lookedAtMs + GAP_MS - performance.now();
    if (waitMs <= 0) return this.looking.wake();
    this.nudged = setTimeout(() => {
      this.nudged = undefined;
      this.looking.wake();
    }, waitMs);
  }

  private endRests(): void {
    for (const lane of this.lanes.values()) lane.endRest();
    this.nudge();
  }

  private async stop(): Promise<void> {
    for (const stop of this.stopListening) stop();
    clearTimeout(this.nudged);
    for (const lane of this.lanes.values()) lane.stop();
    const idle = this.looking
      .stop()
      .then(() => Promise.all([...this.lanes.values()].map((lane) => lane.idle())));
    await withDeadline(idle, STOP_MS, () => new Error('a publisher does not answer')).catch(() => {});
  }

  private async look(stopping: AbortSignal): Promise<void> {
    this.lookedAtMs = performance.now();
    const due = await this.dataSource.query<{ queue: string }[]>(QUEUES_DUE, ['pending', 0]);
    if (!stopping.aborted) for (const { queue } of due) this.lane(queue).wake();
  }

  private lane(queue: string): RelayLane {
    const { dataSource, publisher, metrics, claim } = this;
    const lane = this.lanes.get(queue) ?? new RelayLane(queue, { dataSource, publisher, metrics, claim });
    this.lanes.set(queue, lane);
    return lane;
  }
}
