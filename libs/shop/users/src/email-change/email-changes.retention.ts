import { olderThan, RetentionTask } from '@fourfold/db-routing';
import type { DataSource } from 'typeorm';

/** A day after the link has expired, when the count of the day is over too. */
const KEEP_SECONDS = 86_400;

/** Index email_changes_age. */
const SELECT_OLD_CHANGES = `
  SELECT user_id FROM email_changes
  WHERE expires_at <= NOW(3) - INTERVAL ? SECOND
  ORDER BY expires_at
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Primary key. */
const DELETE_CHANGES = `
  DELETE FROM email_changes WHERE user_id IN (?)
`;

/** Index email_changes_age. */
const OLDEST_CHANGE = `
  SELECT GREATEST(0, TIMESTAMPDIFF(SECOND, MIN(expires_at), NOW(3))) AS age FROM email_changes
`;

/** Forgets addresses that were not confirmed. */
export class EmailChangesRetention extends RetentionTask {
  constructor(dataSource: DataSource) {
    super(dataSource, {
      table: 'email_changes',
      oldest: OLDEST_CHANGE,
      deleteBatch: olderThan(KEEP_SECONDS, SELECT_OLD_CHANGES, DELETE_CHANGES),
    });
  }
}
