import type { DeadReason } from '../dead-reason.js';
import type { DeadLetterStatus } from './dead-letter.js';

/** Which letters are meant; what is left out does not matter. */
export interface LetterFilter {
  readonly queue?: string | undefined;
  readonly reason?: DeadReason | undefined;
  readonly recordedBefore?: Date | undefined;
}

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
