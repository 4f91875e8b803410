import { Logger } from '@nestjs/common';
import { inTransaction, isRetryableConflict } from '@fourfold/db-routing';
import { withDeadline } from '@fourfold/kernel';
import type { DataSource } from 'typeorm';
import { LEASE_SECONDS } from './claim-lease.js';
import type { OutboxPublisher, RelayedMessage } from './outbox.message.js';
import type { OutboxMetrics } from './outbox.metrics.js';
import { CLAIM, MARK_PUBLISHED, RELEASE, SELECT_DUE } from './relay.sql.js';

const BATCH = 200;
/** Seconds; the last one for as long as it takes. Short, for this is how late a queue that is back is found. */
const BACK_OFFS = [1, 2, 4, 5] as const;
const MARK_ATTEMPTS = 4;

/** What all lanes of one relay share. */
export interface LaneTools {
  readonly dataSource: DataSource;
  readonly publisher: OutboxPublisher;
  readonly metrics: OutboxMetrics;
  /** Names the relay in the rows it holds. */
  readonly claim: string;
}

interface OutboxRow {
  id: string;
  msg_id: string;
  queue: string;
  payload: string | object;
  /** Claims before this one. */
  attempts: number;
  is_first: number;
  waited_us: number | string;
}

/**
 * The way of one queue's messages out of the outbox:
 *
 *     idle --offer()--> busy --nothing more due--> idle
 *                       busy --the queue took nothing, or an error--> resting --1 s, 2 s, 4 s, 5 s…--> idle
 *
 * Busy: claims a batch under a lease, publishes it outside any transaction, marks what the queue confirmed, and goes on
 * at once after a full batch. A crash anywhere in between only means that the batch is published again. What one lane
 * waits for, its queue alone waits for.
 */
export class RelayLane {
  private readonly logger = new Logger(RelayLane.name);
  private readonly givenUp = Promise.withResolvers<never>();
  private running: Promise<void> | undefined;
  private offeredAgain = false;
  private stopping = false;
  private failures = 0;
  private restsUntilMs = 0;

  constructor(
    private readonly queue: string,
    private readonly tools: LaneTools,
  ) {
    // Nobody may be waiting for it.
    this.givenUp.promise.catch(() => {});
  }

  /** Whether it has nothing in hand and nothing to remember. */
  get isIdle(): boolean {
    return !this.running && !this.isResting && this.failures === 0;
  }

  /** The queue has something due. */
  offer(): void {
    this.offeredAgain = true;
    if (this.running || this.isResting || this.stopping) return;
    this.running = this.work().finally(() => (this.running = undefined));
  }

  /** Lets the batch in hand finish: what it claimed would otherwise wait for its lease to end. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** The publisher is not waited for any longer; what it has in hand is left to other relays at once. */
  giveUp(): void {
    this.givenUp.reject(new Error('the process stops'));
  }

  private get isResting(): boolean {
    return performance.now() < this.restsUntilMs;
  }

  private async work(): Promise<void> {
    let isFull = false;
    do {
      this.offeredAgain = false;
      try {
        isFull = await this.round();
      } catch (error) {
        isFull = false;
        this.rest();
        this.tools.metrics.taskErrors.inc({ task: 'relay' });
        this.logger.error(
          { err: error, queue: this.queue },
          `The messages of queue ${this.queue} could not be claimed or marked; it is tried again in a moment`,
        );
      }
    } while ((isFull || this.offeredAgain) && !this.isResting && !this.stopping);
  }

  /** @returns whether more may be due */
  private async round(): Promise<boolean> {
    const rows = await this.claimDue();
    if (rows.length === 0) {
      this.failures = 0;
      return false;
    }
    const claimedMs = performance.now();
    const confirmed = await this.publish(rows);
    const [taken, refused] = [true, false].map((isTaken) =>
      rows.filter(({ id }) => confirmed.has(id) === isTaken),
    ) as [OutboxRow[], OutboxRow[]];
    if (taken.length > 0) await this.markPublished(taken, claimedMs);
    if (refused.length > 0) await this.release(refused, rows.length);
    return rows.length === BATCH;
  }

  /**
   * READ COMMITTED, whatever the connection's own level: with REPEATABLE READ the gaps around the due rows would be
   * locked too, and every writer would wait for the claim.
   */
  private claimDue(): Promise<OutboxRow[]> {
    const { dataSource, claim } = this.tools;
    return inTransaction(
      dataSource,
      async (manager) => {
        const rows = await manager.query<OutboxRow[]>(SELECT_DUE, [this.queue, BATCH]);
        if (rows.length > 0) await manager.query(CLAIM, [claim, LEASE_SECONDS, rows.map(({ id }) => id)]);
        return rows;
      },
      'READ COMMITTED',
    );
  }

  /** A publisher that hangs has confirmed nothing: once the lease has ended, the rows are no longer this relay's. */
  private async publish(rows: readonly OutboxRow[]): Promise<ReadonlySet<string>> {
    try {
      return await withDeadline(
        Promise.race([this.tools.publisher.publish(rows.map(toMessage)), this.givenUp.promise]),
        LEASE_SECONDS * 1_000,
        () => new Error(`The publisher has not answered within ${LEASE_SECONDS} s`),
      );
    } catch (error) {
      this.logger.error(
        { err: error, queue: this.queue },
        `${rows.length} messages could not be published to queue ${this.queue}`,
      );
      return new Set();
    }
  }

  private async markPublished(rows: readonly OutboxRow[], claimedMs: number): Promise<void> {
    const { metrics, claim } = this.tools;
    this.failures = 0;
    const sinceClaim = (performance.now() - claimedMs) / 1_000;
    await this.settle(MARK_PUBLISHED, [rows.map(({ id }) => id), claim]);
    metrics.published.inc({ queue: this.queue }, rows.length);
    for (const { is_first: isFirst, waited_us: waited } of rows)
      if (Number(isFirst)) metrics.publishLagSeconds.observe(Number(waited) / 1_000_000 + sinceClaim);
  }

  /** A queue that took a part of it is there: only what it refused waits. One that took nothing is left alone. */
  private async release(refused: readonly OutboxRow[], claimed: number): Promise<void> {
    const seconds = refused.length === claimed ? this.rest() : BACK_OFFS[0];
    this.tools.metrics.publishErrors.inc({ queue: this.queue });
    this.logger.warn(
      { queue: this.queue },
      `${refused.length} of ${claimed} messages were not taken by queue ${this.queue}; again in ${seconds} s`,
    );
    await this.settle(RELEASE, [seconds, refused.map(({ id }) => id), this.tools.claim]);
  }

  private rest(): number {
    const seconds = BACK_OFFS[Math.min(this.failures, BACK_OFFS.length - 1)]!;
    this.failures += 1;
    this.restsUntilMs = performance.now() + seconds * 1_000;
    return seconds;
  }

  /** Consumers mark the same rows done meanwhile: a deadlock with one of them must not cost the batch its lease. */
  private async settle(statement: string, parameters: unknown[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.tools.dataSource.query(statement, parameters);
        return;
      } catch (error) {
        if (attempt >= MARK_ATTEMPTS || !isRetryableConflict(error)) throw error;
      }
    }
  }
}

function toMessage({ id, msg_id: messageId, queue, payload, attempts }: OutboxRow): RelayedMessage {
  const parsed: unknown = typeof payload === 'string' ? JSON.parse(payload) : payload;
  return { outboxId: id, messageId, queue, payload: parsed as object, republished: attempts > 0 };
}
