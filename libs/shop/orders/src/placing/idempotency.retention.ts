import { olderThan, RetentionTask } from '@fourfold/db-routing';
import type { DataSource } from 'typeorm';

/** Index idempotency_keys_age. */
const SELECT_OLD_KEYS = `
  SELECT caller, route, idempotency_key FROM idempotency_keys
  WHERE created_at <= NOW(3) - INTERVAL ? SECOND
  ORDER BY created_at
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Primary key. */
export const DELETE_KEYS = `
  DELETE FROM idempotency_keys WHERE (caller, route, idempotency_key) IN (?)
`;

/** Index idempotency_keys_age. */
const OLDEST_KEY = `
  SELECT TIMESTAMPDIFF(SECOND, MIN(created_at), NOW(3)) AS age FROM idempotency_keys
`;

/** Forgets answers when they need not be given again any more. */
export class IdempotencyRetention extends RetentionTask {
  constructor(dataSource: DataSource, keepSeconds: number) {
    super(dataSource, {
      table: 'idempotency_keys',
      oldest: OLDEST_KEY,
      deleteBatch: olderThan(keepSeconds, SELECT_OLD_KEYS, DELETE_KEYS),
    });
  }
}
