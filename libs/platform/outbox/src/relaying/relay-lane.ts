import { Logger } from '@nestjs/common';
import { inTransaction, repeatedTransaction } from '@fourfold/db-routing';
import { tracingOn } from '@fourfold/observability/tracing';
import type { DataSource } from 'typeorm';
import type { OutboxPublisher, RelayedMessage } from '../outbox.message.js';
import type { OutboxMetrics } from '../outbox.metrics.js';
import { RelaySpans, type TracedRow } from './relay.spans.js';
import { CLAIM, MARK_PUBLISHED, RELEASE, SELECT_DUE } from './relaying.sql.js';

const BATCH = 200;
/** A relay that dies after claiming leaves its rows to the others after this long. */
const LEASE_SECONDS = 30;
const RETRY_SECONDS = 1;
/** The longest rest of a queue that takes nothing; the first is `RETRY_SECONDS`, each further one twice as long. */
const LONGEST_REST_MS = 30_000;

interface OutboxRow extends TracedRow {
  queue: string;
  payload: string | object;
  /** For how long it was due when it was claimed, in seconds. */
  late: number | string;
}

export interface LaneOptions {
  readonly dataSource: DataSource;
  readonly publisher: OutboxPublisher;
  readonly metrics: OutboxMetrics;
  /** Names the relay in the rows that it has claimed. */
  readonly claim: string;
}

/**
 * Relays the messages of one queue. States: idle → busy → idle, or resting → idle after the queue took nothing. A lane
 * that is busy or rests delays no other lane.
 */
export class RelayLane {
  private readonly logger = new Logger(RelayLane.name);
  private working: Promise<void> | undefined;
  private calledAgain = false;
  private refusals = 0;
  private restsUntil = 0;

  constructor(
    private readonly queue: string,
    private readonly options: LaneOptions,
  ) {}

  /** Resolves when it has nothing in hand. */
  async idle(): Promise<void> {
    await this.working;
  }

  /** Messages are due: relays them now, or after the batch in hand; not during a rest. */
  wake(): void {
    this.calledAgain = true;
    if (this.working || performance.now() < this.restsUntil) return;
    this.working = this.work().finally(() => (this.working = undefined));
  }

  /** Its queue may take messages again. */
  endRest(): void {
    if (this.restsUntil === Number.POSITIVE_INFINITY) return;
    this.restsUntil = 0;
    this.refusals = 0;
  }

  /** Claims no further batch. */
  stop(): void {
    this.restsUntil = Number.POSITIVE_INFINITY;
  }

  private async work(): Promise<void> {
    while (this.calledAgain && performance.now() >= this.restsUntil) {
      this.calledAgain = false;
      try {
        const rows = await this.claimDue();
        if (rows.length === BATCH) this.calledAgain = true;
        if (rows.length > 0) await this.publish(rows);
      } catch (error) {
        this.rest();
        this.options.metrics.errors.inc({ queue: this.queue });
        this.logger.error(
          { err: error, queue: this.queue },
          `Relaying to queue ${this.queue} failed; retrying`,
        );
      }
    }
  }

  /** Not with gaps locked, as a repeatable read would: writers of the same queue would wait for the claim. */
  private claimDue(): Promise<OutboxRow[]> {
    const { dataSource, claim } = this.options;
    return inTransaction(
      dataSource,
      async (manager) => {
        const rows = await manager.query<OutboxRow[]>(SELECT_DUE, [this.queue, BATCH]);
        if (rows.length > 0) await manager.query(CLAIM, [claim, LEASE_SECONDS, rows.map((row) => row.id)]);
        return rows;
      },
      'READ COMMITTED',
    );
  }

  private async publish(rows: readonly OutboxRow[]): Promise<void> {
    if (!tracingOn) return void (await this.move(rows));
    const spans = new RelaySpans(this.queue, rows);
    await spans.around(() => this.move(rows, spans));
  }

  /** @returns what the queue has taken */
  private async move(rows: readonly OutboxRow[], spans?: RelaySpans): Promise<ReadonlySet<string>> {
    const { publisher, metrics, claim } = this.options;
    const claimedAt = performance.now();
    const confirmed = await publisher.publish(rows.map((row) => toMessage(row, spans?.carriedBy(row.id))));
    const tookSeconds = (performance.now() - claimedAt) / 1_000;
    if (confirmed.size > 0) await this.settle(MARK_PUBLISHED, [[...confirmed], claim]);
    for (const { id, attempts, late } of rows)
      if (attempts === 0 && confirmed.has(id))
        metrics.lag.observe({ queue: this.queue }, Number(late) + tookSeconds);
    metrics.published.inc({ queue: this.queue }, confirmed.size);
    const refused = rows.filter((row) => !confirmed.has(row.id)).map((row) => row.id);
    if (refused.length > 0) await this.settle(RELEASE, [RETRY_SECONDS, refused, claim]);
    if (confirmed.size > 0) this.refusals = 0;
    else this.rest();
    if (refused.length > 0) {
      metrics.errors.inc({ queue: this.queue });
      this.logger.warn(
        `Queue ${this.queue} did not confirm ${refused.length} of ${rows.length} messages; retrying`,
      );
    }
    return confirmed;
  }

  private rest(): void {
    if (this.restsUntil === Number.POSITIVE_INFINITY) return;
    this.restsUntil =
      performance.now() + Math.min(LONGEST_REST_MS, RETRY_SECONDS * 1_000 * 2 ** this.refusals);
    this.refusals += 1;
  }

  /** Consumers mark the same rows done meanwhile: a deadlock with one of them must not cost the batch its lease. */
  private async settle(statement: string, parameters: readonly unknown[]): Promise<void> {
    await repeatedTransaction(() => this.options.dataSource.query(statement, [...parameters]));
  }
}

function toMessage(
  { id, msg_id: messageId, queue, payload, attempts }: OutboxRow,
  trace: string | undefined,
): RelayedMessage {
  const parsed: unknown = typeof payload === 'string' ? JSON.parse(payload) : payload;
  return { outboxId: id, messageId, queue, payload: parsed as object, republished: attempts > 0, trace };
}
