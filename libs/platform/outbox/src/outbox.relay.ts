import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { inTransaction } from '@fourfold/db-routing';
import { DataSource } from 'typeorm';
import { OutboxPublisher, type RelayedMessage } from './outbox.message.js';
import { OutboxMetrics } from './outbox.metrics.js';
import { CLAIM, MARK_PUBLISHED, RELEASE, REPUBLISH_LOST, SELECT_DUE } from './outbox.sql.js';

const BATCH = 200;
/** A relay that dies after claiming leaves its rows to the others after this long. */
const LEASE_SECONDS = 30;
const RETRY_SECONDS = 1;
const POLL_MS = 100;
/** What is published and not done for this long is offered to the queue again: its job may be lost, or have failed. */
const REPUBLISH_AFTER_SECONDS = 60;
const RECONCILE_MS = 30_000;

interface OutboxRow {
  id: string;
  msg_id: string;
  queue: string;
  payload: string | object;
  /** Claims before this one. */
  attempts: number;
}

/**
 * Moves committed messages to the queue. Claims a batch under a lease, publishes it outside any transaction, and marks
 * what the queue confirmed; a crash anywhere in between only means that the batch is published again.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly claim = randomUUID();
  private running: Promise<void> | undefined;
  private stopping = false;
  private nudged = false;
  private wake: (() => void) | undefined;
  private reconciledAt = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: OutboxPublisher,
    private readonly metrics: OutboxMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  /** Lets the batch in hand finish: what it claimed would otherwise wait for its lease to end. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.nudge();
    await this.running;
  }

  /** Looks at the outbox now instead of at the next poll; a round in hand is followed by another at once. */
  nudge(): void {
    this.nudged = true;
    this.wake?.();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.nudged = false;
      const pauseMs = await this.round();
      if (pauseMs > 0 && !this.nudged && !this.stopping) await this.pause(pauseMs);
    }
  }

  /** @returns milliseconds until the next one: none after a full batch, more after a failure than after a success. */
  private async round(): Promise<number> {
    try {
      await this.reconcile();
      const rows = await this.claimDue();
      const confirmed = rows.length > 0 ? await this.publish(rows) : 0;
      // A queue that took nothing is away: what was released is due again in a moment, and not before.
      if (rows.length > 0 && confirmed === 0) return RETRY_SECONDS * 1_000;
      return rows.length < BATCH ? POLL_MS : 0;
    } catch (error) {
      this.metrics.errors.inc();
      this.logger.error({ err: error }, 'The outbox could not be relayed; it is tried again in a moment');
      return RETRY_SECONDS * 1_000;
    }
  }

  private claimDue(): Promise<OutboxRow[]> {
    return inTransaction(this.dataSource, async (manager) => {
      const rows = await manager.query<OutboxRow[]>(SELECT_DUE, [BATCH]);
      if (rows.length > 0) await manager.query(CLAIM, [this.claim, LEASE_SECONDS, rows.map((row) => row.id)]);
      return rows;
    });
  }

  /** @returns how many the queue took */
  private async publish(rows: readonly OutboxRow[]): Promise<number> {
    const confirmed = await this.publisher.publish(rows.map(toMessage));
    if (confirmed.size > 0) await this.settle(MARK_PUBLISHED, [[...confirmed], this.claim]);
    this.metrics.published.inc(confirmed.size);
    const refused = rows.filter((row) => !confirmed.has(row.id)).map((row) => row.id);
    if (refused.length === 0) return confirmed.size;
    await this.settle(RELEASE, [RETRY_SECONDS, refused, this.claim]);
    this.metrics.errors.inc();
    this.logger.warn(`${refused.length} of ${rows.length} messages were not taken by the queue`);
    return confirmed.size;
  }

  /** Consumers mark the same rows done meanwhile: a deadlock with one of them must not cost the batch its lease. */
  private settle(statement: string, parameters: readonly unknown[]): Promise<void> {
    return inTransaction(this.dataSource, async (manager) => {
      await manager.query(statement, [...parameters]);
    });
  }

  /** Looks again at once after a full batch: a queue that was lost whole is refilled by batches, not by intervals. */
  private async reconcile(): Promise<void> {
    if (Date.now() - this.reconciledAt < RECONCILE_MS) return;
    const { affectedRows } = await this.dataSource.query<{ affectedRows: number }>(REPUBLISH_LOST, [
      REPUBLISH_AFTER_SECONDS,
      BATCH,
    ]);
    if (affectedRows < BATCH) this.reconciledAt = Date.now();
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

function toMessage({ id, msg_id: messageId, queue, payload, attempts }: OutboxRow): RelayedMessage {
  const parsed: unknown = typeof payload === 'string' ? JSON.parse(payload) : payload;
  return { outboxId: id, messageId, queue, payload: parsed as object, republished: attempts > 0 };
}
