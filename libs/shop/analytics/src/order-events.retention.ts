import { olderThan, RetentionTask } from '@fourfold/db-routing';
import type { DataSource } from 'typeorm';

/** Index order_events_time. */
const SELECT_OLD_EVENTS = `
  SELECT order_id, event FROM order_events
  WHERE occurred_at <= NOW(3) - INTERVAL ? SECOND
  ORDER BY occurred_at
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Primary key. */
const DELETE_EVENTS = `
  DELETE FROM order_events WHERE (order_id, event) IN (?)
`;

/** Index order_events_time. */
const OLDEST_EVENT = `
  SELECT TIMESTAMPDIFF(SECOND, MIN(occurred_at), NOW(3)) AS age FROM order_events
`;

/** Forgets what happened to orders long ago. */
export class OrderEventsRetention extends RetentionTask {
  constructor(dataSource: DataSource, keepSeconds: number) {
    super(dataSource, {
      table: 'order_events',
      oldest: OLDEST_EVENT,
      deleteBatch: olderThan(keepSeconds, SELECT_OLD_EVENTS, DELETE_EVENTS),
    });
  }
}
