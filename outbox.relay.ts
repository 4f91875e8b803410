import { randomUUID } from 'node:crypto';
import { Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { withDeadline } from '@fourfold/kernel';
import type { DataSource } from 'typeorm';
import type { OutboxPublisher } from './outbox.message.js';
import type { OutboxMetrics } from './outbox.metrics.js';
import type { OutboxSignal } from './outbox.signal.js';
import { RelayLane } from './relay-lane.js';
import { SELECT_DUE_QUEUES } from './relay.sql.js';
import { RoundLoop } from './round.loop.js';

/** The safety net: a nudge may be lost, and a due time comes without one. */
const POLL_MS = 100;
/** A stream of commits is served in rounds of this length at least: fewer, fuller batches. */
const BREATH_MS = 5;
/** For giving back what a publisher that hangs has in hand. */
const GIVE_BACK_MS = 2_000;

/**
 * Moves committed messages to the queues: looks which queues have something due, when it is nudged and by poll, and
 * sets the lane of each going.
 */
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly claim = randomUUID();
  private readonly lanes = new Map<string, RelayLane>();
  private readonly loop = new RoundLoop({
    round: () => this.scan(),
    onError: (error) => this.reportScan(error),
    everyMs: POLL_MS,
    breathMs: BREATH_MS,
  });
  private stopListening = (): void => {};
  private stopping = false;

  /** @param stopDeadlineMs how long batches in hand get to finish when the process is told to stop */
  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: OutboxPublisher,
    private readonly metrics: OutboxMetrics,
    private readonly signal: OutboxSignal,
    private readonly stopDeadlineMs: number,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.signal.onNudge(() => this.nudge());
    this.loop.start();
  }

  /** Looks at the outbox now instead of at the next poll. */
  nudge(): void {
    this.loop.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopListening();
    this.stopping = true;
    const stopped = Promise.all([this.loop.stop(), ...[...this.lanes.values()].map((lane) => lane.stop())]);
    try {
      await withDeadline(stopped, this.stopDeadlineMs, () => new Error('batches are still in hand'));
    } catch (error) {
      this.logger.warn({ err: error }, 'Stopping with batches in hand; another relay publishes them again');
      for (const lane of this.lanes.values()) lane.giveUp();
      await withDeadline(stopped, GIVE_BACK_MS, () => new Error('the database does not answer')).catch(
        (failure: unknown) =>
          this.logger.error({ err: failure }, 'What was in hand could not be given back; its lease ends by itself'),
      );
    }
  }

  private async scan(): Promise<void> {
    const due = await this.dataSource.query<{ queue: string }[]>(SELECT_DUE_QUEUES);
    if (this.stopping) return;
    for (const [queue, lane] of this.lanes) if (lane.isIdle) this.lanes.delete(queue);
    for (const { queue } of due) this.laneOf(queue).offer();
  }

  private laneOf(queue: string): RelayLane {
    let lane = this.lanes.get(queue);
    if (!lane) this.lanes.set(queue, (lane = new RelayLane(queue, this)));
    return lane;
  }

  private reportScan(error: unknown): void {
    this.metrics.taskErrors.inc({ task: 'scan' });
    this.logger.error({ err: error }, 'The outbox could not be looked at; it is tried again in a moment');
  }
}
