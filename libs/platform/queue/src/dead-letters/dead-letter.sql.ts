import type { DeadLetterStatus, LetterFilter } from './dead-letter.js';

/** Which rows of dead_letters are meant. */
export interface Condition {
  readonly sql: string;
  /** Of dead_letters: what it finds comes in the order of ids. */
  readonly index: string;
  readonly parameters: readonly unknown[];
}

/** @param more conditions on the same rows, each with one parameter */
export function conditionOf(
  status: DeadLetterStatus,
  { queue, reason, recordedBefore }: LetterFilter,
  more: readonly (readonly [sql: string, parameter: unknown])[] = [],
): Condition {
  const parts: (readonly [string, unknown])[] = [
    ['status = ?', status],
    ...(queue === undefined ? [] : [['queue = ?', queue] as const]),
    ...(reason === undefined ? [] : [['reason = ?', reason] as const]),
    ...(recordedBefore === undefined ? [] : [['recorded_at < ?', recordedBefore] as const]),
    ...more,
  ];
  const index = queue === undefined ? 'newest' : reason === undefined ? 'queue' : 'kind';
  return {
    sql: parts.map(([sql]) => sql).join(' AND '),
    index: `dead_letters_${index}`,
    parameters: parts.map(([, value]) => value),
  };
}

/** Unique key dead_letters_job: a job that is recorded already is a duplicate. */
export const INSERT_DEAD_LETTER = `
  INSERT INTO dead_letters (
    queue, job_id, msg_id, reason, payload, error, errors, attempts, stalls, enqueued_at, failed_at,
    auto_redrives, auto_redrive_at
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(3) + INTERVAL ? MICROSECOND)
`;

/** Unique key dead_letters_job. */
export const SELECT_STATUS_OF_JOB = `
  SELECT status FROM dead_letters WHERE queue = ? AND job_id = ?
`;

/** Index dead_letters_resolved. */
export const SELECT_OLD_RESOLVED = `
  SELECT CAST(id AS CHAR) AS id, msg_id AS messageId FROM dead_letters
  WHERE resolved_at <= NOW(3) - INTERVAL ? SECOND
  ORDER BY resolved_at
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Primary key. */
export const DELETE_LETTERS = `
  DELETE FROM dead_letters WHERE id IN (?)
`;

/** Index dead_letters_message. */
export const SELECT_MESSAGES_LEFT = `
  SELECT DISTINCT msg_id AS messageId FROM dead_letters WHERE msg_id IN (?)
`;

/** Index dead_letters_resolved. */
export const OLDEST_RESOLVED = `
  SELECT TIMESTAMPDIFF(SECOND, MIN(resolved_at), NOW(3)) AS age FROM dead_letters
`;

/** Index dead_letters_message. */
export const COUNT_AUTO_REDRIVES = `
  SELECT COUNT(*) AS redrives FROM dead_letters
  WHERE msg_id = ? AND status = 'redriven' AND resolved_by = ?
`;

/** Index dead_letters_kind, which has all that is asked for. */
export const COUNT_OPEN = `
  SELECT queue, reason, COUNT(*) AS letters FROM dead_letters WHERE status = 'open' GROUP BY queue, reason
`;

/**
 * Ids are text, whatever the connection makes of 64-bit numbers; a statement that sorts by `id` alone sorts that text.
 */
const SUMMARY = `
  CAST(id AS CHAR) AS id, queue, job_id AS jobId, msg_id AS messageId, reason, status, error, attempts, stalls,
  auto_redrives AS autoRedrives, auto_redrive_at AS autoRedriveAt, enqueued_at AS enqueuedAt, failed_at AS failedAt,
  recorded_at AS recordedAt, resolved_by AS resolvedBy, resolved_at AS resolvedAt
`;

/**
 * The condition's index, which has the letters in their order: of another one MariaDB would sort all that match, for
 * which all are read. Without the payloads: they may be large.
 */
export const selectSummaries = ({ sql, index }: Condition): string => `
  SELECT ${SUMMARY} FROM dead_letters FORCE INDEX (${index}) WHERE ${sql} ORDER BY dead_letters.id DESC LIMIT ?
`;

/** The same indexes. */
export const countLetters = ({ sql }: Condition): string => `
  SELECT COUNT(*) AS letters FROM dead_letters WHERE ${sql}
`;

/** Primary key. */
export const SELECT_LETTER = `
  SELECT ${SUMMARY}, payload, errors FROM dead_letters WHERE id = ?
`;

/** Index dead_letters_message; the newest, as a message that dies again and again has only its last deaths to tell. */
export const SELECT_HISTORY = `
  SELECT ${SUMMARY} FROM dead_letters WHERE msg_id = ? ORDER BY dead_letters.id DESC LIMIT ?
`;

const REDRIVABLE = `
  CAST(id AS CHAR) AS id, queue, msg_id AS messageId, payload, status, resolved_by AS resolvedBy,
  resolved_at AS resolvedAt, COALESCE(enqueued_at, failed_at) AS bornAt
`;

/** Primary key. A concurrent redrive or discard of the same letter waits for this lock. */
export const LOCK_LETTER = `
  SELECT ${REDRIVABLE} FROM dead_letters WHERE id = ? FOR UPDATE
`;

/** The indexes of selectSummaries. SKIP LOCKED: rows that another redrive has locked are left to it. */
export const lockLetters = ({ sql, index }: Condition): string => `
  SELECT ${REDRIVABLE} FROM dead_letters FORCE INDEX (${index})
  WHERE ${sql} ORDER BY dead_letters.id LIMIT ? FOR UPDATE SKIP LOCKED
`;

/** Index dead_letters_due. SKIP LOCKED: workers that run this at the same time get different rows. */
export const LOCK_DUE = `
  SELECT ${REDRIVABLE} FROM dead_letters
  WHERE status = 'open' AND auto_redrive_at <= NOW(3) AND queue IN (?)
  ORDER BY auto_redrive_at LIMIT ? FOR UPDATE SKIP LOCKED
`;

/** Primary key. Conditional: the first to resolve a letter wins. */
export const RESOLVE = `
  UPDATE dead_letters SET status = ?, resolved_by = ?, resolved_at = NOW(3) WHERE id IN (?) AND status = 'open'
`;

/** Primary key. */
export const STOP_AUTO_REDRIVE = `
  UPDATE dead_letters SET auto_redrive_at = NULL WHERE id IN (?)
`;
