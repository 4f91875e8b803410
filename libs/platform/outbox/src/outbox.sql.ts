/** Rows become claimable at `available_at`: their due time at first, and the end of the lease once claimed. */
export const INSERT_MESSAGES = `
  INSERT INTO outbox (msg_id, queue, payload, trace_context, run_at, available_at) VALUES
`;

/** Unique key outbox_message, in its order: of many in a small table every row would be read, and locked. */
export const MARK_DONE = `
  UPDATE outbox FORCE INDEX (outbox_message) SET state = 'done', done_at = NOW(3)
  WHERE msg_id IN (?) AND state <> 'done'
`;

/** Unique key outbox_message. */
export const READ_STATE = `
  SELECT state FROM outbox WHERE msg_id = ?
`;

/** Unique key outbox_message. */
export const LOCK_STATE = `
  SELECT state FROM outbox WHERE msg_id = ? FOR UPDATE
`;

/** Unique key outbox_message: of many in a small table MariaDB would read, and lock, every row. */
export const LOCK_STATES = `
  SELECT msg_id, state FROM outbox FORCE INDEX (outbox_message) WHERE msg_id IN (?) FOR UPDATE
`;

/** Unique key outbox_message. */
export const MARK_DEAD = `
  UPDATE outbox SET state = 'dead' WHERE msg_id = ? AND state = 'published'
`;

/** Unique key outbox_message, as LOCK_STATES: waiting for others' rows, two redrives would be each other's deadlock. */
export const DELETE_DEAD = `
  DELETE outbox FROM outbox FORCE INDEX (outbox_message) WHERE msg_id IN (?) AND state = 'dead'
`;

/**
 * Unique key outbox_message, as LOCK_STATES. A row with a claim is in a relay's hands, or its queue has the
 * message.
 */
export const WITHDRAW = `
  DELETE outbox FROM outbox FORCE INDEX (outbox_message)
  WHERE msg_id IN (?) AND state = 'pending' AND claim IS NULL
`;

/** Primary key. */
export const INSERT_PROCESSED = `
  INSERT INTO processed_messages (consumer, msg_id) VALUES ?
`;
