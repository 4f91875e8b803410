import type { DeadReason } from '../dead-reason.js';

/**
 * open → redriven (its message was redelivered), settled (nothing was delivered: the effect has happened), or discarded
 * (its message is never delivered). All three are final: a redriven message that dies again is another letter.
 */
export const deadLetterStatuses = ['open', 'redriven', 'settled', 'discarded'] as const;

export type DeadLetterStatus = (typeof deadLetterStatuses)[number];

/** Which letters are meant; what is left out does not matter. */
export interface LetterFilter {
  readonly queue?: string | undefined;
  readonly reason?: DeadReason | undefined;
  readonly recordedBefore?: Date | undefined;
}

/** The actor of an automatic redrive. */
export const SYSTEM = 'system';

export interface DeadLetterSummary {
  id: string;
  queue: string;
  jobId: string;
  messageId: string;
  reason: DeadReason;
  status: DeadLetterStatus;
  /** The last attempt's message. */
  error: string;
  attempts: number;
  stalls: number;
  /** How often the message had been redelivered automatically when it died. */
  autoRedrives: number;
  /** When it is redelivered automatically; null when an operator has to decide. ISO 8601, as all times here. */
  autoRedriveAt: string | null;
  /** When the job was put on the queue. */
  enqueuedAt: string | null;
  failedAt: string;
  recordedAt: string;
  resolvedBy: string | null;
  resolvedAt: string | null;
}

export interface DeadLetter extends DeadLetterSummary {
  payload: unknown;
  /** Of each failed attempt, oldest first, with stack. */
  errors: string[];
  /** Every death of the same message, oldest first, this one among them. */
  history: DeadLetterSummary[];
}

/** A row as the statements name its columns: times are dates still. */
export type SummaryRow = {
  [K in keyof DeadLetterSummary]: K extends `${string}At`
    ? Date | Extract<DeadLetterSummary[K], null>
    : DeadLetterSummary[K];
};

export interface LetterRow extends SummaryRow {
  /** Both JSON. */
  payload: string;
  errors: string;
}

export function summaryOf(row: SummaryRow): DeadLetterSummary {
  const { autoRedriveAt, enqueuedAt, failedAt, recordedAt, resolvedAt } = row;
  return {
    ...row,
    autoRedriveAt: (row.status === 'open' && autoRedriveAt?.toISOString()) || null,
    enqueuedAt: enqueuedAt && enqueuedAt.toISOString(),
    failedAt: failedAt.toISOString(),
    recordedAt: recordedAt.toISOString(),
    resolvedAt: resolvedAt && resolvedAt.toISOString(),
  };
}

export function letterOf(row: LetterRow, history: readonly SummaryRow[]): DeadLetter {
  return {
    ...summaryOf(row),
    payload: JSON.parse(row.payload) as unknown,
    errors: JSON.parse(row.errors) as string[],
    history: history.map(summaryOf),
  };
}
