import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OutboxPublisher } from '../outbox.message.js';
import { OutboxMetrics } from '../outbox.metrics.js';
import { OutboxSignal } from '../outbox.signal.js';
import { RelayLane } from './relay-lane.js';
import { QUEUES_DUE } from './relaying.sql.js';

const POLL_MS = 100;
const RETRY_MS = 1_000;
/** How long a publisher gets to answer when the process stops; what it leaves open is another relay's after its lease. */
const STOP_MS = 10_000;

/**
 * Moves committed messages to their queues: looks which queues have messages due, at each nudge and at least every
 * 100 ms, and wakes their lanes. A lane claims a batch under a lease, publishes it outside any transaction, and marks
 * what the queue confirmed; a crash anywhere in between only means that the batch is published again.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly lanes = new Map<string, RelayLane>();
  private readonly claim = randomUUID();
  private running: Promise<void> | undefined;
  private stopped: Promise<unknown> | undefined;
  private stopping = false;
  private nudged = false;
  private wake: (() => void) | undefined;
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
    this.running = this.run();
  }

  /** The first thing that a stop does, whatever others wait for then: nothing more is claimed. */
  onModuleDestroy(): void {
    this.stopped ??= this.stop();
  }

  /** Lets the batches in hand finish: what they claimed would otherwise wait for its lease to end. */
  async beforeApplicationShutdown(): Promise<void> {
    await (this.stopped ??= this.stop());
  }

  /** Looks at the outbox now instead of at the next poll; many nudges at once are one look. */
  nudge(): void {
    this.nudged = true;
    this.wake?.();
  }

  private endRests(): void {
    for (const lane of this.lanes.values()) lane.endRest();
    this.nudge();
  }

  private async stop(): Promise<void> {
    this.stopping = true;
    for (const stop of this.stopListening) stop();
    for (const lane of this.lanes.values()) lane.stop();
    this.nudge();
    const deadline = Promise.withResolvers<void>();
    const timer = setTimeout(deadline.resolve, STOP_MS);
    await Promise.race([deadline.promise, this.allIdle()]);
    clearTimeout(timer);
  }

  private async allIdle(): Promise<void> {
    await this.running;
    await Promise.all([...this.lanes.values()].map((lane) => lane.idle()));
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.nudged = false;
      const pauseMs = await this.look();
      if (!this.nudged && !this.stopping) await this.pause(pauseMs);
    }
  }

  /** @returns milliseconds until the next one */
  private async look(): Promise<number> {
    try {
      const due = await this.dataSource.query<{ queue: string }[]>(QUEUES_DUE, ['pending', 0]);
      if (!this.stopping) for (const { queue } of due) this.lane(queue).wake();
      return POLL_MS;
    } catch (error) {
      this.logger.error({ err: error }, 'The outbox could not be read; it is tried again in a moment');
      return RETRY_MS;
    }
  }

  private lane(queue: string): RelayLane {
    const { dataSource, publisher, metrics, claim } = this;
    const lane = this.lanes.get(queue) ?? new RelayLane(queue, { dataSource, publisher, metrics, claim });
    this.lanes.set(queue, lane);
    return lane;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
