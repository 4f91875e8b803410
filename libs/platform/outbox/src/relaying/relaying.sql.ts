/**
 * Index outbox_lane, one look per queue (loose index scan): MariaDB does that only when the whole beginning of the index
 * is in GROUP BY, although `state` is one value, and reads every row of that state otherwise. A claimed row's
 * `available_at` is the end of its lease, so that rows in other relays' hands make no queue due.
 */
export const QUEUES_DUE = `
  SELECT queue FROM outbox WHERE state = ? GROUP BY state, queue
  HAVING MIN(available_at) <= NOW(3) - INTERVAL ? SECOND
`;

/**
 * Index outbox_lane, in exactly its order: an order without `run_at` would be sorted, for which every due row is read and
 * locked before LIMIT leaves any to another relay. SKIP LOCKED: relays that run at once take different rows and never
 * wait for one another. The id is text whatever the connection makes of 64-bit numbers: publishers answer with it.
 */
export const SELECT_DUE = `
  SELECT CAST(id AS CHAR) AS id, msg_id, queue, payload, attempts, trace_context,
    TIMESTAMPDIFF(MICROSECOND, run_at, NOW(3)) / 1e6 AS late
  FROM outbox
  WHERE state = 'pending' AND queue = ? AND available_at <= NOW(3)
  ORDER BY available_at, run_at, outbox.id
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Primary key. */
export const CLAIM = `
  UPDATE outbox
  SET claim = ?, attempts = attempts + 1, available_at = NOW(3) + INTERVAL ? SECOND
  WHERE id IN (?)
`;

/**
 * Primary key. A consumer may have been quicker (`done`), and a lease that ran out may be another relay's by now. A
 * published row's `available_at` is when it is offered again: after 90 s, and each further time after twice as long, at
 * most an hour.
 */
export const MARK_PUBLISHED = `
  UPDATE outbox SET state = 'published', published_at = NOW(3),
    available_at = NOW(3) + INTERVAL LEAST(3600, 90 * POW(2, LEAST(attempts, 7) - 1)) SECOND
  WHERE id IN (?) AND state = 'pending' AND claim = ?
`;

/**
 * Primary key. What the queue did not take is due again soon, without waiting for the lease to end. It counts as one
 * attempt however often it is refused: the queue may have it, and it was published no second time.
 */
export const RELEASE = `
  UPDATE outbox SET claim = NULL, attempts = GREATEST(1, attempts - 1), available_at = NOW(3) + INTERVAL ? SECOND
  WHERE id IN (?) AND state = 'pending' AND claim = ?
`;

/**
 * Index outbox_lane, whose whole beginning is in the order: in an UPDATE MariaDB takes `queue` for one value only if the
 * parameter has the column's collation, and sorts all that are late otherwise. Publishing again does nothing while the
 * queue has the job, and repairs what it has lost.
 */
export const REPUBLISH_LATE = `
  UPDATE outbox SET state = 'pending', claim = NULL, available_at = NOW(3)
  WHERE state = 'published' AND queue = ? AND available_at <= NOW(3)
  ORDER BY state, queue, available_at
  LIMIT ?
`;

/** Index outbox_lane. What is published from here on comes after the loss. */
export const REPUBLISH_ALL = `
  UPDATE outbox SET state = 'pending', claim = NULL, available_at = NOW(3)
  WHERE state = 'published' AND queue = ? AND published_at <= ?
  LIMIT ?
`;

export const NOW = 'SELECT CAST(NOW(3) AS CHAR) AS now';

/** Index outbox_lane: done rows are never claimed again, so `available_at` is at most an hour after they were published. */
export const SELECT_OLD_DONE = `
  SELECT CAST(id AS CHAR) AS id FROM outbox
  WHERE state = 'done' AND queue = ? AND available_at <= NOW(3) - INTERVAL ? SECOND
    AND done_at <= NOW(3) - INTERVAL ? SECOND
  ORDER BY available_at
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Primary key. */
export const DELETE_MESSAGES = `
  DELETE FROM outbox WHERE id IN (?)
`;

/**
 * Index processed_at; the outbox by its unique key, for which the message must be a value: of `NOT EXISTS` MariaDB makes
 * a list of the whole outbox first. A record outlives the message that may be delivered once more.
 */
export const SELECT_OLD_PROCESSED = `
  SELECT consumer, msg_id FROM processed_messages AS p
  WHERE processed_at <= NOW(3) - INTERVAL ? SECOND
    AND COALESCE((SELECT o.state FROM outbox AS o WHERE o.msg_id = p.msg_id), 'done') = 'done'
  ORDER BY processed_at
  LIMIT ?
  FOR UPDATE SKIP LOCKED
`;

/** Index outbox_lane, one look per queue, as QUEUES_DUE. Done rows are about as old as they are no longer claimable. */
export const OLDEST_DONE = `
  SELECT TIMESTAMPDIFF(SECOND, MIN(oldest), NOW(3)) AS age
  FROM (SELECT MIN(available_at) AS oldest FROM outbox WHERE state = 'done' GROUP BY state, queue) AS queues
`;

/** Index processed_at. */
export const OLDEST_PROCESSED = `
  SELECT TIMESTAMPDIFF(SECOND, MIN(processed_at), NOW(3)) AS age FROM processed_messages
`;

/** Primary key. */
export const DELETE_PROCESSED = `
  DELETE FROM processed_messages WHERE (consumer, msg_id) IN (?)
`;

/**
 * Index outbox_lane. The age is that of what was never published: what is offered again is old, and may be in its queue
 * all the time. A row that no relay has touched says so in the index alone (`available_at` is its due time); the few
 * that a relay has or had in hand are looked up. A message that is due later is not late.
 */
export const PENDING = `
  SELECT queue, SUM(messages) AS messages,
    GREATEST(0, COALESCE(TIMESTAMPDIFF(MICROSECOND, MIN(due), NOW(3)), 0) / 1e6) AS age
  FROM (
    SELECT queue, COUNT(*) AS messages, MIN(IF(available_at = run_at, run_at, NULL)) AS due
    FROM outbox WHERE state = 'pending' GROUP BY queue
    UNION ALL
    SELECT queue, 0, MIN(run_at)
    FROM outbox WHERE state = 'pending' AND available_at <> run_at AND published_at IS NULL GROUP BY queue
  ) AS waiting
  GROUP BY queue
`;

/** Index outbox_lane alone, which has `run_at` for it. */
export const UNDONE = `
  SELECT queue, GREATEST(0, TIMESTAMPDIFF(MICROSECOND, MIN(run_at), NOW(3)) / 1e6) AS age
  FROM outbox WHERE state = 'published' GROUP BY queue
`;
