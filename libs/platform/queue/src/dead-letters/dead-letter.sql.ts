import type { Condition } from './letter.filter.js';

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
  CAST(id AS CHAR) AS id, queue, job_id, msg_id, reason, error, attempts, stalls, enqueued_at, failed_at, recorded_at,
  status, resolved_by, resolved_at, auto_redrives, auto_redrive_at
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

const REDRIVABLE = 'CAST(id AS CHAR) AS id, queue, msg_id, payload, status, resolved_by, resolved_at';

/** Primary key. Who redrives or discards the same letter at this moment comes first, or waits. */
export const LOCK_LETTER = `
  SELECT ${REDRIVABLE} FROM dead_letters WHERE id = ? FOR UPDATE
`;

/** The indexes of selectSummaries. SKIP LOCKED: what another is just redriving is his. */
export const lockLetters = ({ sql, index }: Condition): string => `
  SELECT ${REDRIVABLE} FROM dead_letters FORCE INDEX (${index})
  WHERE ${sql} ORDER BY dead_letters.id LIMIT ? FOR UPDATE SKIP LOCKED
`;

/** Index dead_letters_due. SKIP LOCKED: workers that look at once take different ones. */
export const LOCK_DUE = `
  SELECT ${REDRIVABLE} FROM dead_letters
  WHERE status = 'open' AND auto_redrive_at <= NOW(3) AND queue IN (?)
  ORDER BY auto_redrive_at LIMIT ? FOR UPDATE SKIP LOCKED
`;

/** Primary key. Conditional: who was quicker has it. */
export const RESOLVE = `
  UPDATE dead_letters SET status = ?, resolved_by = ?, resolved_at = NOW(3) WHERE id IN (?) AND status = 'open'
`;

/** Primary key. */
export const STOP_AUTO_REDRIVE = `
  UPDATE dead_letters SET auto_redrive_at = NULL WHERE id IN (?)
`;
