import { Injectable } from '@nestjs/common';
import { inTransaction } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { DataSource, type EntityManager } from 'typeorm';
import {
  DeadLetterNotFoundError,
  DeadLetterResolvedError,
  DeadLetterUnderWayError,
} from './dead-letter.errors.js';
import {
  type DeadLetter,
  type DeadLetterStatus,
  type DeadLetterSummary,
  type LetterFilter,
  letterOf,
  type LetterRow,
  summaryOf,
  type SummaryRow,
} from './dead-letter.js';
import {
  type Condition,
  conditionOf,
  countLetters,
  LOCK_LETTER,
  lockLetters,
  SELECT_HISTORY,
  SELECT_LETTER,
  selectSummaries,
} from './dead-letter.sql.js';
import { type LockedLetter, Redrive } from './redrive.js';

export const bulkRedriveLimits = { ratePerSecond: 1_000, letters: 10_000 } as const;

const DEFAULT_RATE = 50;
const BATCH = 200;
const SAMPLE = 10;
const MAX_HISTORY = 100;

export interface ListDeadLetters extends LetterFilter {
  /** Default `open`. */
  readonly status?: DeadLetterStatus | undefined;
  readonly limit: number;
  /** Only letters older than the one of this id. */
  readonly before?: string | undefined;
}

export interface BulkRedriveOptions extends LetterFilter {
  /** How many messages a second become due, from now on; at most 1,000. Default 50. */
  readonly ratePerSecond?: number | undefined;
  /** At most this many letters, the oldest first; at most 10,000, which is the default. */
  readonly limit?: number | undefined;
}

export interface BulkRedriveOutcome {
  redriven: number;
  /** Resolved with nothing delivered: their effect is there. */
  settled: number;
  /** Stay open, as they can't be delivered; one example of each kind. */
  refused: number;
  refusals: { id: string; code: string; detail: string }[];
  /** Open letters that match and have not been looked at: call again. */
  left: number;
  /** When the last message is due; null when nothing was redriven. */
  lastDueAt: string | null;
}

export interface BulkRedrivePreview {
  matching: number;
  /** The newest of them. */
  sample: DeadLetterSummary[];
}

/** What an operator does with dead letters. Needs the database alone: the relay makes jobs of redriven messages. */
@Injectable()
export class DeadLetterOperations {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly redriving: Redrive,
  ) {}

  /** Newest first. */
  list({ status = 'open', limit, before, ...filter }: ListDeadLetters): Promise<DeadLetterSummary[]> {
    return this.summaries(
      conditionOf(status, filter, before === undefined ? [] : [['id < ?', before]]),
      limit,
    );
  }

  /** @throws DeadLetterNotFoundError */
  async get(id: string): Promise<DeadLetter> {
    const [row] = await this.dataSource.query<LetterRow[]>(SELECT_LETTER, [id]);
    if (!row) throw new DeadLetterNotFoundError(id);
    const history = await this.dataSource.query<SummaryRow[]>(SELECT_HISTORY, [row.messageId, MAX_HISTORY]);
    return letterOf(row, history.reverse());
  }

  /**
   * Redelivers the letter's message. If its effect has happened meanwhile, nothing is delivered and the letter is `settled`.
   * @throws DeadLetterNotFoundError
   * @throws DeadLetterResolvedError another caller resolved it first
   * @throws DeadLetterUnderWayError an operator has put its message back into the outbox by hand
   * @throws DeadLetterUndeliverableError
   */
  redrive(id: string, actor: string): Promise<DeadLetter> {
    return this.resolve(id, async (manager, letter) => {
      const { left } = await this.redriving.apply(manager, [letter], actor);
      for (const { why } of left) throw why;
    });
  }

  /**
   * Resolves the letter without delivering its message, which will never be delivered.
   * @throws DeadLetterNotFoundError
   * @throws DeadLetterResolvedError another caller resolved it first
   * @throws DeadLetterUnderWayError a relay has its message in hand
   */
  discard(id: string, actor: string): Promise<DeadLetter> {
    return this.resolve(id, async (manager, letter) => {
      const state = await this.outbox.markDead(manager, letter.messageId);
      if (state === 'pending') throw new DeadLetterUnderWayError(id);
      await this.redriving.resolve(manager, [letter], 'discarded', actor);
    });
  }

  /** What {@link redriveAll} would redrive. Changes nothing. */
  async previewRedrive(filter: LetterFilter): Promise<BulkRedrivePreview> {
    const condition = conditionOf('open', filter);
    return { matching: await this.count(condition), sample: await this.summaries(condition, SAMPLE) };
  }

  /**
   * Redrives all letters that match, in small transactions, and spread over time. If it ends
   * in the middle, the letters that it has not reached stay open. Letters that others resolve meanwhile are skipped.
   */
  async redriveAll(
    { ratePerSecond = DEFAULT_RATE, limit = bulkRedriveLimits.letters, ...filter }: BulkRedriveOptions,
    actor: string,
  ): Promise<BulkRedriveOutcome> {
    const startMs = Date.now();
    const dueAt = (nth: number): Date => new Date(startMs + Math.floor((nth * 1_000) / ratePerSecond));
    const total = { redriven: 0, settled: 0, refused: 0 };
    const refusals = new Map<string, BulkRedriveOutcome['refusals'][number]>();
    let rest = conditionOf('open', filter, [['id > ?', '0']]);
    for (let seen = 0; seen < limit;) {
      const letters = await inTransaction(this.dataSource, async (manager) => {
        const parameters = [...rest.parameters, Math.min(BATCH, limit - seen)];
        const locked = await manager.query<LockedLetter[]>(lockLetters(rest), parameters);
        const runAt = (nth: number): Date => dueAt(total.redriven + nth);
        return { locked, ...(await this.redriving.apply(manager, locked, actor, runAt)) };
      });
      total.redriven += letters.redriven.length;
      total.settled += letters.settled.length;
      total.refused += letters.left.length;
      for (const { letter, why } of letters.left) {
        if (!refusals.has(why.code))
          refusals.set(why.code, { id: letter.id, code: why.code, detail: why.message });
      }
      const last = letters.locked.at(-1);
      if (!last) break;
      seen += letters.locked.length;
      rest = conditionOf('open', filter, [['id > ?', last.id]]);
    }
    return {
      ...total,
      refusals: [...refusals.values()],
      left: await this.count(rest),
      lastDueAt: total.redriven > 0 ? dueAt(total.redriven - 1).toISOString() : null,
    };
  }

  /** In one transaction that locks the letter before it reads it: of 20 calls at once, one finds it open. */
  private async resolve(
    id: string,
    work: (manager: EntityManager, letter: LockedLetter) => Promise<void>,
  ): Promise<DeadLetter> {
    await inTransaction(this.dataSource, async (manager) => {
      const [letter] = await manager.query<LockedLetter[]>(LOCK_LETTER, [id]);
      if (!letter) throw new DeadLetterNotFoundError(id);
      if (letter.status !== 'open')
        throw new DeadLetterResolvedError(id, letter.status, letter.resolvedBy, letter.resolvedAt);
      await work(manager, letter);
    });
    return this.get(id);
  }

  private async summaries(condition: Condition, limit: number): Promise<DeadLetterSummary[]> {
    const parameters = [...condition.parameters, limit];
    const rows = await this.dataSource.query<SummaryRow[]>(selectSummaries(condition), parameters);
    return rows.map(summaryOf);
  }

  private async count(condition: Condition): Promise<number> {
    const [row] = await this.dataSource.query<{ letters: string | number }[]>(countLetters(condition), [
      ...condition.parameters,
    ]);
    return Number(row?.letters);
  }
}
