import type { RowDataPacket } from 'mysql2';
import { ask } from '../pool/ask.js';
import { assertTakesWrites } from './takes-writes.js';
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

export interface HeartbeatOptions {
  intervalMs: number;
  /** For the write and the read that follows it, together. */
  timeoutMs: number;
  /** Whether this process writes the row too, or only reads what others write. */
  writes: boolean;
  /** Milliseconds that only ever grow. */
  now: () => number;
}

interface Beat {
  /** By the primary's clock. */
  writtenMs: number;
  /** When it was taken, or first seen: by our clock, less the time that the primary was away. */
  activeMs: number;
}

/** A time in which the primary does not answer this process. */
interface Silence {
  sinceMs: number;
  /** A replica had a new heartbeat at that moment: the primary is up, and does not answer this process alone. */
  heardOf: boolean;
}

/** More than any replica in rotation may miss: of all processes together, two are written in an interval at most. */
const REMEMBERED = 120;
/** A primary that others hear from again within so many intervals has been there all the time between. */
const HEARSAY_INTERVALS = 3;

/**
 * The row by which lag is measured: written on the primary, read on a replica. What a server says of its own lag won't
 * do alone, since a replica that is cut off from its source reports 0.
 *
 * A replica is as far behind as the oldest heartbeat that it misses is old, to about one interval. It is our clock that
 * says how old, so that none of the servers' has to be right; and it stands still while the primary is silent. A
 * primary that is down ages no replica: what the replicas have is all there is, and when it is back, they have missed
 * what came since and what came before, not the time that it was away.
 *
 * A primary that does not answer this process may well answer others. A row on a replica that is newer than every
 * heartbeat that is known is proof of that, and a heartbeat like one of our own: it ends the silence. What is between two
 * such rows counts, if they are seen within three intervals; before the first of them this process can't tell whether
 * the primary was there, and what it can't tell it holds against no replica.
 */
export class Heartbeat {
  /** Oldest first. */
  private beats: Beat[] = [];
  /** Heartbeats up to here are of a time when the primary's clock was ahead: on a replica, they are old. */
  private putBackFromMs = -Infinity;
  private awayMs = 0;
  private silence: Silence | undefined;
  private heardOfMs = -Infinity;
  private answeringSinceMs: number | undefined;
  private answeredMs = 0;
  /** The last one that the primary itself told. */
  private toldMs = -Infinity;

  constructor(private readonly options: HeartbeatOptions) {}

  now(): number {
    return this.options.now();
  }

  /** Whether the last heartbeat failed: what is known of the primary then, is known by way of the replicas. */
  get isSilent(): boolean {
    return this.answeringSinceMs === undefined;
  }

  /** @throws what the primary answers in place of taking it; ReadOnlyPrimaryError where it is only read */
  async beat(primary: NodePool): Promise<void> {
    const { intervalMs, timeoutMs, writes } = this.options;
    const startedMs = this.now();
    try {
      // A server that was demoted refuses the write; where none is sent, it has to be asked.
      if (writes)
        await ask(primary, { sql: WRITE_HEARTBEAT, values: [intervalMs * 500], withinMs: timeoutMs });
      else await assertTakesWrites(primary, timeoutMs);
      const takenMs = this.now();
      const withinMs = Math.max(1, timeoutMs - (takenMs - startedMs));
      const writtenMs = heartbeatOf(await ask(primary, { sql: READ_HEARTBEAT, withinMs }));
      this.endSilence(takenMs);
      if (writtenMs !== undefined) this.told({ writtenMs, activeMs: this.activeAt(takenMs) });
      this.answeringSinceMs ??= startedMs;
      this.answeredMs = takenMs;
    } catch (error) {
      this.answeringSinceMs = undefined;
      const heardOf = this.heardOfMs >= startedMs;
      this.silence ??= { sinceMs: heardOf ? this.heardOfMs : startedMs, heardOf };
      throw error;
    }
  }

  /** Takes note of a heartbeat that a replica has: a new one shows that the primary is up. */
  saw(writtenMs: number): void {
    const last = this.beats.at(-1);
    // The first heartbeat proves nothing: its age is unknown.
    if (!last || writtenMs <= Math.max(last.writtenMs, this.putBackFromMs)) return;
    const seenMs = this.now();
    this.heardOfMs = seenMs;
    this.endSilence(seenMs);
    this.remember({ writtenMs, activeMs: this.activeAt(seenMs) });
    if (this.isSilent) this.silence = { sinceMs: seenMs, heardOf: true };
  }

  /** How long the primary has been taking heartbeats since `sinceMs`, without a break up to the last one; 0: it does not. */
  answeredForMs(sinceMs: number): number {
    if (this.answeringSinceMs === undefined) return 0;
    return Math.max(0, this.answeredMs - Math.max(sinceMs, this.answeringSinceMs));
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
    // What came before the oldest that is remembered, only the primary's clock can tell.
    const unknownMs = missed === oldest ? oldest.writtenMs - writtenMs : 0;
    return Math.max(0, this.activeAt(askedMs) - missed.activeMs) + unknownMs;
  }

  /** A clock that stands still while the primary is silent. */
  private activeAt(ms: number): number {
    return Math.min(ms, this.silence?.sinceMs ?? Infinity) - this.awayMs;
  }

  private endSilence(atMs: number): void {
    if (!this.silence) return;
    const { sinceMs, heardOf } = this.silence;
    const lastedMs = Math.max(0, atMs - sinceMs);
    const wasThere = heardOf && lastedMs <= HEARSAY_INTERVALS * this.options.intervalMs;
    if (!wasThere) this.awayMs += lastedMs;
    this.silence = undefined;
  }

  private told(beat: Beat): void {
    // The primary's clock was put back: those before can't be compared with what comes.
    if (beat.writtenMs < this.toldMs) {
      this.putBackFromMs = this.beats.at(-1)?.writtenMs ?? -Infinity;
      this.beats = [];
    }
    this.toldMs = beat.writtenMs;
    // A replica may have been quicker to show it.
    if (beat.writtenMs > (this.beats.at(-1)?.writtenMs ?? -Infinity)) this.remember(beat);
  }

  private remember(beat: Beat): void {
    this.beats = [...this.beats.slice(1 - REMEMBERED), beat];
  }
}
