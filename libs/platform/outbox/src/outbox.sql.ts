/** Rows become claimable at `available_at`: their due time at first, and the end of the lease once claimed. */
export const INSERT_MESSAGES = `
  INSERT INTO outbox (msg_id, queue, payload, run_at, available_at) VALUES
`;

/**
 * Index outbox_due. SKIP LOCKED: relays that run at once take different rows and never wait for one another. The id is
 * text whatever the connection makes of 64-bit numbers: publishers answer with it.
 */
export const SELECT_DUE = `
  SELECT CAST(id AS CHAR) AS id, msg_id, queue, payload, attempts FROM outbox
  WHERE state = 'pending' AND available_at <= NOW(3)
  ORDER BY available_at, id
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

export const CLAIM = `
  UPDATE outbox
  SET claim = ?, attempts = attempts + 1, available_at = NOW(3) + INTERVAL ? SECOND
  WHERE id IN (?)
`;

/** A consumer may have been quicker (`done`), and a lease that ran out may be another relay's by now. */
export const MARK_PUBLISHED = `
  UPDATE outbox SET state = 'published', published_at = NOW(3)
  WHERE id IN (?) AND state = 'pending' AND claim = ?
`;

/** What the queue did not take is due again soon, without waiting for the lease to end. */
export const RELEASE = `
  UPDATE outbox SET claim = NULL, available_at = NOW(3) + INTERVAL ? SECOND
  WHERE id IN (?) AND state = 'pending' AND claim = ?
`;

/** Unique key outbox_message. */
export const MARK_DONE = `
  UPDATE outbox SET state = 'done', done_at = NOW(3) WHERE msg_id = ? AND state <> 'done'
`;

/** Unique key outbox_message. */
export const LOCK_STATE = `
  SELECT state FROM outbox WHERE msg_id = ? FOR UPDATE
`;

/** Unique key outbox_message. */
export const LOCK_STATES = `
  SELECT msg_id, state FROM outbox WHERE msg_id IN (?) FOR UPDATE
`;

/** Unique key outbox_message. */
export const MARK_DEAD = `
  UPDATE outbox SET state = 'dead' WHERE msg_id = ? AND state = 'published'
`;

/** Unique key outbox_message. */
export const DELETE_DEAD = `
  DELETE FROM outbox WHERE msg_id = ? AND state = 'dead'
`;

/**
 * Index outbox_due: for published rows `available_at` is the end of the lease they were published under, so the oldest
 * come first. Publishing again does nothing while the queue has the job waiting or running, and repairs the rest.
 */
export const REPUBLISH_LOST = `
  UPDATE outbox SET state = 'pending', claim = NULL, available_at = NOW(3)
  WHERE state = 'published' AND available_at <= NOW(3) - INTERVAL ? SECOND
  ORDER BY available_at
  LIMIT ?
`;

/** Primary key. */
export const INSERT_PROCESSED = `
  INSERT INTO processed_messages (consumer, msg_id) VALUES (?, ?)
`;
