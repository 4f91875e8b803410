import { olderThan, RetentionTask } from '@fourfold/db-routing';
import type { DataSource } from 'typeorm';

/**
 * Index emails_age; the outbox by its unique key, for which the message must be a value. A row outlives the message that
 * may be delivered once more: it is what keeps its e-mail from being sent again.
 */
const SELECT_OLD_EMAILS = `
  SELECT msg_id FROM emails AS e
  WHERE created_at <= NOW(3) - INTERVAL ? SECOND
    AND COALESCE((SELECT o.state FROM outbox AS o WHERE o.msg_id = e.msg_id), 'done') = 'done'
  ORDER BY created_at
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Primary key. */
const DELETE_EMAILS = `
  DELETE FROM emails WHERE msg_id IN (?)
`;

/** Index emails_age. */
const OLDEST_EMAIL = `
  SELECT TIMESTAMPDIFF(SECOND, MIN(created_at), NOW(3)) AS age FROM emails
`;

/** Forgets e-mails whose messages can't come any more. */
export class EmailsRetention extends RetentionTask {
  constructor(dataSource: DataSource, keepSeconds: number) {
    super(dataSource, {
      table: 'emails',
      oldest: OLDEST_EMAIL,
      deleteBatch: olderThan(keepSeconds, SELECT_OLD_EMAILS, DELETE_EMAILS),
    });
  }
}
