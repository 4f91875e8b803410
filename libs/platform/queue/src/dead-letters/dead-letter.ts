import type { DeadReason } from '../dead-reason.js';

/**
 * open → redriven (its message was delivered anew), settled (there was nothing to deliver: its effect is there), or
 * discarded (its message is never delivered). All three are final: a redriven message that dies again is another
 * letter.
 */
export const deadLetterStatuses = ['open', 'redriven', 'settled', 'discarded'] as const;

export type DeadLetterStatus = (typeof deadLetterStatuses)[number];

/** Who resolved a letter that no operator has touched. */
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
  /** How often the message had been delivered anew by itself when it died. */
  autoRedrives: number;
  /** When it will be by itself again; null when an operator has to decide. ISO 8601, as all times here. */
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

export interface SummaryRow {
  id: string;
  queue: string;
  job_id: string;
  msg_id: string;
  reason: DeadReason;
  error: string;
  attempts: number;
  stalls: number;
  enqueued_at: Date | null;
  failed_at: Date;
  recorded_at: Date;
  status: DeadLetterStatus;
  resolved_by: string | null;
  resolved_at: Date | null;
  auto_redrives: number;
  auto_redrive_at: Date | null;
}

export interface LetterRow extends SummaryRow {
  payload: string;
  errors: string;
}

export function summaryOf(row: SummaryRow): DeadLetterSummary {
  const time = (at: Date | null): string | null => at && at.toISOString();
  return {
    id: row.id,
    queue: row.queue,
    jobId: row.job_id,
    messageId: row.msg_id,
    reason: row.reason,
    status: row.status,
    error: row.error,
    attempts: row.attempts,
    stalls: row.stalls,
    autoRedrives: row.auto_redrives,
    autoRedriveAt: row.status === 'open' ? time(row.auto_redrive_at) : null,
    enqueuedAt: time(row.enqueued_at),
    failedAt: row.failed_at.toISOString(),
    recordedAt: row.recorded_at.toISOString(),
    resolvedBy: row.resolved_by,
    resolvedAt: time(row.resolved_at),
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
