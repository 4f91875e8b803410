import { Injectable } from '@nestjs/common';
import { inTransaction } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { DataSource, type EntityManager } from 'typeorm';
import {
  BulkRedrive,
  type BulkRedriveOptions,
  type BulkRedriveOutcome,
  type BulkRedrivePreview,
} from './bulk.redrive.js';
import {
  DeadLetterNotFoundError,
  DeadLetterResolvedError,
  DeadLetterUnderWayError,
} from './dead-letter.errors.js';
import {
  type DeadLetter,
  type DeadLetterStatus,
  type DeadLetterSummary,
  letterOf,
  type LetterRow,
  summaryOf,
  type SummaryRow,
} from './dead-letter.js';
import { LOCK_LETTER, SELECT_HISTORY, SELECT_LETTER, selectSummaries } from './dead-letter.sql.js';
import { conditionOf, type LetterFilter } from './letter.filter.js';
import { type LockedLetter, Redrive } from './redrive.js';

const MAX_HISTORY = 100;

export interface ListDeadLetters extends LetterFilter {
  /** Default `open`. */
  readonly status?: DeadLetterStatus | undefined;
  readonly limit: number;
  /** Only letters older than the one of this id. */
  readonly before?: string | undefined;
}

/** What an operator does with dead letters. Needs the database only: jobs are made of redriven messages by the relay. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly redriver: Redrive,
    private readonly bulk: BulkRedrive,
  ) {}

  /** Newest first. */
  async list({ status = 'open', limit, before, ...filter }: ListDeadLetters): Promise<DeadLetterSummary[]> {
    const condition = conditionOf(status, filter, before === undefined ? [] : [['id < ?', before]]);
    const rows = await this.dataSource.query<SummaryRow[]>(selectSummaries(condition), [
      ...condition.parameters,
      limit,
    ]);
    return rows.map(summaryOf);
  }

  /** @throws DeadLetterNotFoundError */
  async get(id: string): Promise<DeadLetter> {
    const [row] = await this.dataSource.query<LetterRow[]>(SELECT_LETTER, [id]);
    if (!row) throw new DeadLetterNotFoundError(id);
    const history = await this.dataSource.query<SummaryRow[]>(SELECT_HISTORY, [row.msg_id, MAX_HISTORY]);
    return letterOf(row, history.reverse());
  }

  /**
   * Delivers the letter's message anew. One that has had its effect meanwhile is not: its letter is `settled`.
   * @throws DeadLetterNotFoundError
   * @throws DeadLetterResolvedError another caller was quicker
   * @throws DeadLetterUnderWayError an operator has put its message back into the outbox by hand
   * @throws DeadLetterUndeliverableError
   */
  async redrive(id: string, actor: string): Promise<DeadLetter> {
    await this.withOpen(id, async (manager, letter) => {
      const { left } = await this.redriver.apply(manager, [letter], actor);
      for (const { why } of left) throw why;
    });
    return this.get(id);
  }

  /**
   * Resolves the letter without delivering its message, which will never be delivered.
   * @throws DeadLetterNotFoundError
   * @throws DeadLetterResolvedError another caller was quicker
   * @throws DeadLetterUnderWayError a relay has its message in hand
   */
  async discard(id: string, actor: string): Promise<DeadLetter> {
    await this.withOpen(id, async (manager, letter) => {
      const state = await this.outbox.markDead(manager, letter.msg_id);
      if (state === 'pending') throw new DeadLetterUnderWayError(id);
      await this.redriver.resolve(manager, [letter], 'discarded', actor);
    });
    return this.get(id);
  }

  previewRedrive(filter: LetterFilter): Promise<BulkRedrivePreview> {
    return this.bulk.preview(filter);
  }

  redriveAll(options: BulkRedriveOptions, actor: string): Promise<BulkRedriveOutcome> {
    return this.bulk.run(options, actor);
  }

  /** In one transaction that holds the letter from before it is looked at: of 20 at once, one finds it open. */
  private withOpen(
    id: string,
    work: (manager: EntityManager, letter: LockedLetter) => Promise<void>,
  ): Promise<void> {
    return inTransaction(this.dataSource, async (manager) => {
      const [letter] = await manager.query<LockedLetter[]>(LOCK_LETTER, [id]);
      if (!letter) throw new DeadLetterNotFoundError(id);
      if (letter.status !== 'open')
        throw new DeadLetterResolvedError(id, letter.status, letter.resolved_by, letter.resolved_at);
      await work(manager, letter);
    });
  }
}
