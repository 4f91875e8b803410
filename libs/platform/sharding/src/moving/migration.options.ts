import { z } from 'zod';

const ms = z.number().nonnegative();

export const migrationOptionsSchema = z.strictObject({
  /** Rows that are copied a second, at most; 0: as fast as it goes. Default 0. */
  rowsPerSecond: z.number().nonnegative().default(0),
  /** How many copies are under way at the same time where `rowsPerSecond` sets no limit. Default 3. */
  parallelCopies: z.int().min(1).max(8).default(3),
  /** Rows of one table in a transaction on the target. Default 4,000. */
  pageRows: z.int().min(1).max(10_000).default(4_000),
  /** A page that takes longer is followed by a rest of the same length: shards have other work. Default 250. */
  slowPageMs: ms.default(250),
  /**
   * No row is copied or deleted, and no batch given to its new owner, while a replica of the donor or the receiver is
   * further behind, as this process sees it. Default 2,000.
   */
  mostReplicaLagMs: ms.default(2_000),
  /** So long a batch of slots may be frozen before whichever writer meets it thaws it. Default 100. */
  freezeMs: ms.default(100),
  /** Between the announcement and the first copied row: longer than a process may route by an unconfirmed topology. */
  announceMs: ms.default(9_000),
  /** How long the receivers' writes are carried back after the last hand-off. Default 10 minutes. */
  reverseMs: ms.default(600_000),
  /** Before a step that failed is tried again. Default 500. */
  retryMs: ms.default(500),
  /** At most, before a batch whose freeze took too long is frozen again: from `retryMs` on twice as long each time. */
  mostRetryMs: ms.default(30_000),
  /**
   * A migration whose steps fail for so long in a row, before its first hand-off, is taken back: donors keep the log of a
   * receiver that does not answer. Default 15 minutes.
   */
  patienceMs: ms.default(900_000),
  /**
   * So often in a row an abort tries to clean a shard that was to be added and can't be reached; then the shard leaves
   * the topology with the copied rows that it has. Default 60.
   */
  cleaningAttempts: z.int().min(1).default(60),
});

export type MigrationOptions = z.input<typeof migrationOptionsSchema>;
