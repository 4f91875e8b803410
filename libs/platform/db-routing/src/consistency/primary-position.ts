import type { ReplicationDialect } from '../engine/replication.dialect.js';
import { ask } from '../pool/ask.js';
import type { NodePool } from '../pool/node.pool.js';

/** Short, as the caller has just had an answer from the primary. */
const ANSWER_WITHIN_MS = 500;

/**
 * Everything that is committed on the primary now.
 * @throws what the primary answers, or a RangeError when that is no position (a binary log that is off)
 */
export async function primaryPosition(primary: NodePool, dialect: ReplicationDialect): Promise<string> {
  const [row] = await ask(primary, { sql: dialect.committedQuery, withinMs: ANSWER_WITHIN_MS });
  const position = dialect.parse(String(row?.['position'] ?? ''));
  if (!position) throw new RangeError('The primary does not tell its position');
  return position;
}
