import { ask } from '../pool/ask.js';
import type { NodePool } from '../pool/node.pool.js';

const READ_ONLY = 'SELECT @@global.read_only AS readOnly';

/** The server is there, and takes no writes: after a switchover it may be the primary no more. */
export class ReadOnlyPrimaryError extends Error {
  override readonly name = 'ReadOnlyPrimaryError';
}

/** @throws ReadOnlyPrimaryError; what `ask` throws where there is no answer within `withinMs` */
export async function assertTakesWrites(primary: NodePool, withinMs: number): Promise<void> {
  const [row] = await ask(primary, { sql: READ_ONLY, withinMs });
  if (Number(row?.['readOnly']) !== 0) throw new ReadOnlyPrimaryError('the primary is read-only');
}
