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
/** A job that is neither done nor lost for this long is offered to the queue again. */
const REPUBLISH_AFTER_SECONDS = 300;
const RECONCILE_MS = 30_000;

interface OutboxRow {
  id: string;
  msg_id: string;
  queue: string;
  payload: string | object;
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

  /** Looks at the outbox now instead of at the next poll. */
  nudge(): void {
    this.wake?.();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const claimed = await this.round();
      if (claimed < BATCH && !this.stopping) await this.pause();
    }
  }

  private async round(): Promise<number> {
    try {
      await this.reconcile();
      const rows = await this.claimDue();
      if (rows.length > 0) await this.publish(rows);
      return rows.length;
    } catch (error) {
      this.metrics.errors.inc();
      this.logger.error({ err: error }, 'The outbox could not be relayed; it is tried again in a moment');
      return 0;
    }
  }

  private claimDue(): Promise<OutboxRow[]> {
    return inTransaction(this.dataSource, async (manager) => {
      const rows = await manager.query<OutboxRow[]>(SELECT_DUE, [BATCH]);
      if (rows.length > 0) await manager.query(CLAIM, [this.claim, LEASE_SECONDS, rows.map((row) => row.id)]);
      return rows;
    });
  }

  private async publish(rows: readonly OutboxRow[]): Promise<void> {
    const confirmed = await this.publisher.publish(rows.map(toMessage));
    if (confirmed.size > 0) await this.dataSource.query(MARK_PUBLISHED, [[...confirmed], this.claim]);
    this.metrics.published.inc(confirmed.size);
    const refused = rows.filter((row) => !confirmed.has(row.id)).map((row) => row.id);
    if (refused.length === 0) return;
    await this.dataSource.query(RELEASE, [RETRY_SECONDS, refused, this.claim]);
    this.metrics.errors.inc();
    this.logger.warn(`${refused.length} of ${rows.length} messages were not taken by the queue`);
  }

  private async reconcile(): Promise<void> {
    if (Date.now() - this.reconciledAt < RECONCILE_MS) return;
    this.reconciledAt = Date.now();
    await this.dataSource.query(REPUBLISH_LOST, [REPUBLISH_AFTER_SECONDS, BATCH]);
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function toMessage({ id, msg_id: messageId, queue, payload }: OutboxRow): RelayedMessage {
  const parsed: unknown = typeof payload === 'string' ? JSON.parse(payload) : payload;
  return { outboxId: id, messageId, queue, payload: parsed as object };
}
