import { Injectable } from '@nestjs/common';
import { inTransaction } from '@fourfold/db-routing';
import { DataSource } from 'typeorm';
import { type DeadLetterSummary, summaryOf, type SummaryRow } from './dead-letter.js';
import { countLetters, lockLetters, selectSummaries } from './dead-letter.sql.js';
import { conditionOf, type LetterFilter } from './letter.filter.js';
import { type LockedLetter, Redrive, type Redriven } from './redrive.js';

export const bulkRedriveLimits = { ratePerSecond: 1_000, letters: 10_000 } as const;

const DEFAULT_RATE = 50;
const BATCH = 200;
const SAMPLE = 10;

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

/** Redrives all letters that match a filter, in small transactions, and spread over time. */
@Injectable()
export class BulkRedrive {
  constructor(
    private readonly dataSource: DataSource,
    private readonly redrive: Redrive,
  ) {}

  /** What {@link run} would be about. Changes nothing. */
  async preview(filter: LetterFilter): Promise<BulkRedrivePreview> {
    const condition = conditionOf('open', filter);
    const rows = await this.dataSource.query<SummaryRow[]>(selectSummaries(condition), [
      ...condition.parameters,
      SAMPLE,
    ]);
    return { matching: await this.count(filter, '0'), sample: rows.map(summaryOf) };
  }

  /**
   * Each batch is a transaction of its own: what ends in the middle has redriven some and forgotten none. What others
   * resolve meanwhile is theirs.
   */
  async run(
    { ratePerSecond = DEFAULT_RATE, limit = bulkRedriveLimits.letters, ...filter }: BulkRedriveOptions,
    actor: string,
  ): Promise<BulkRedriveOutcome> {
    const startMs = Date.now();
    const dueAt = (nth: number): Date => new Date(startMs + Math.floor((nth * 1_000) / ratePerSecond));
    const total = { redriven: 0, settled: 0, refused: 0 };
    const refusals = new Map<string, BulkRedriveOutcome['refusals'][number]>();
    let after = '0';
    for (let seen = 0; seen < limit;) {
      const { letters, outcome } = await this.batch(
        filter,
        after,
        Math.min(BATCH, limit - seen),
        actor,
        (nth) => dueAt(total.redriven + nth),
      );
      total.redriven += outcome.redriven.length;
      total.settled += outcome.settled.length;
      total.refused += outcome.left.length;
      for (const { letter, why } of outcome.left) {
        if (!refusals.has(why.code))
          refusals.set(why.code, { id: letter.id, code: why.code, detail: why.message });
      }
      seen += letters.length;
      after = letters.at(-1)?.id ?? after;
      if (letters.length === 0) break;
    }
    return {
      ...total,
      refusals: [...refusals.values()],
      left: await this.count(filter, after),
      lastDueAt: total.redriven > 0 ? dueAt(total.redriven - 1).toISOString() : null,
    };
  }

  private batch(
    filter: LetterFilter,
    after: string,
    count: number,
    actor: string,
    dueAt: (nth: number) => Date,
  ): Promise<{ letters: LockedLetter[]; outcome: Redriven }> {
    const condition = conditionOf('open', filter, [['id > ?', after]]);
    return inTransaction(this.dataSource, async (manager) => {
      const letters = await manager.query<LockedLetter[]>(lockLetters(condition), [
        ...condition.parameters,
        count,
      ]);
      return { letters, outcome: await this.redrive.apply(manager, letters, actor, dueAt) };
    });
  }

  private async count(filter: LetterFilter, after: string): Promise<number> {
    const condition = conditionOf('open', filter, [['id > ?', after]]);
    const [row] = await this.dataSource.query<{ letters: string | number }[]>(countLetters(condition), [
      ...condition.parameters,
    ]);
    return Number(row?.letters);
  }
}
