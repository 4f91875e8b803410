import type { RowDataPacket } from 'mysql2';
import { ask } from '../pool/ask.js';
import type { NodePool } from '../pool/node.pool.js';

/**
 * Every process writes it, and none where another has just done so: replicas are measured as long as one process lives,
 * at the cost of one write an interval. Primary key lookup.
 */
const WRITE_HEARTBEAT = `
  INSERT INTO replication_heartbeat (id, written_at) VALUES (1, NOW(3))
  ON DUPLICATE KEY UPDATE
    written_at = IF(written_at BETWEEN NOW(3) - INTERVAL ? MICROSECOND AND NOW(3), written_at, NOW(3))
`;

/** Primary key lookup. */
export const READ_HEARTBEAT = `
  SELECT UNIX_TIMESTAMP(written_at) * 1000 AS written_ms FROM replication_heartbeat WHERE id = 1
`;

/** By the primary's clock: only ever compared with another heartbeat, so no two servers' clocks have to agree. */
export function heartbeatOf([row]: RowDataPacket[]): number | undefined {
  const writtenMs: unknown = row?.['written_ms'];
  return writtenMs === undefined || writtenMs === null ? undefined : Number(writtenMs);
}

interface Beat {
  /** By the primary's clock. */
  writtenMs: number;
  /** By ours, when it was taken. */
  takenMs: number;
}

/** More than any replica in rotation may miss. */
const REMEMBERED = 60;

/**
 * The row by which lag is measured: written on the primary, read on a replica. What a server says of its own lag won't
 * do, since a replica that is cut off from its source reports 0.
 *
 * A replica is as far behind as the oldest heartbeat that it misses is old, to about one interval. It is our clock that
 * says how old, so that none of the servers' has to be right. A primary that is down ages nobody: what the replicas have is
 * all there is, and when it is back they have missed what came since, not the time that it was away.
 */
export class Heartbeat {
  /** Oldest first. */
  private beats: Beat[] = [];
  private answeringSinceMs: number | undefined;
  private silentSinceMs = 0;

  /** @param now milliseconds that only ever grow */
  constructor(
    private readonly intervalMs: number,
    private readonly timeoutMs: number,
    readonly now: () => number,
  ) {}

  /** @throws what the primary answers in place of taking it */
  async beat(primary: NodePool): Promise<void> {
    const withinMs = this.timeoutMs;
    const startedMs = this.now();
    try {
      await ask(primary, { sql: WRITE_HEARTBEAT, values: [this.intervalMs * 500], withinMs });
      const takenMs = this.now();
      const writtenMs = heartbeatOf(await ask(primary, { sql: READ_HEARTBEAT, withinMs }));
      if (writtenMs !== undefined) this.remember({ writtenMs, takenMs });
      this.answeringSinceMs ??= startedMs;
    } catch (error) {
      if (this.answeringSinceMs !== undefined) this.silentSinceMs = startedMs;
      this.answeringSinceMs = undefined;
      throw error;
    }
  }

  /** How long the primary has been taking heartbeats since `sinceMs`, without a break up to the last one; 0: it does not. */
  answeredForMs(sinceMs: number): number {
    const last = this.beats.at(-1);
    if (!last || this.answeringSinceMs === undefined) return 0;
    return Math.max(0, last.takenMs - Math.max(sinceMs, this.answeringSinceMs));
  }

  /**
   * How far behind a replica was at `askedMs` that answered with a row of `writtenMs`; undefined while this process knows
   * of no heartbeat. Not how far it is now: this process may have been held up since, and that is not the replica's doing.
   */
  lagOf(writtenMs: number, askedMs: number): number | undefined {
    const [oldest] = this.beats;
    if (!oldest) return undefined;
    const missed = this.beats.find((beat) => beat.writtenMs > writtenMs);
    if (!missed) return 0;
    const untilMs = this.answeringSinceMs === undefined ? Math.min(this.silentSinceMs, askedMs) : askedMs;
    // What came before the oldest that is remembered, only the primary's clock can tell.
    const unknownMs = missed === oldest ? oldest.writtenMs - writtenMs : 0;
    return Math.max(0, untilMs - missed.takenMs) + unknownMs;
  }

  private remember(beat: Beat): void {
    const last = this.beats.at(-1);
    if (last?.writtenMs === beat.writtenMs) return;
    // The primary's clock was put back: those before can't be compared with what comes.
    if (last && beat.writtenMs < last.writtenMs) this.beats = [];
    this.beats = [...this.beats.slice(1 - REMEMBERED), beat];
  }
}
