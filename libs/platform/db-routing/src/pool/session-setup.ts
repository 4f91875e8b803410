/**
 * READ COMMITTED takes no gap locks, which a queue table and a hot stock row both suffer from; the short lock waits, for
 * rows and for whole tables, turn a jam into an error while the caller is still there. A change of the schema that waited
 * for its table would keep out all who come after it.
 */
export const SESSION_SETUP = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION innodb_lock_wait_timeout = 5, lock_wait_timeout = 15, time_zone = '+00:00'",
] as const;
