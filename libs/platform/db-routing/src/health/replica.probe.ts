import type { ReplicationDialect, ReplicationStatus } from '../engine/replication.dialect.js';
import { ask } from '../pool/ask.js';
import type { NodePool } from '../pool/node.pool.js';
import { type Heartbeat, heartbeatOf, READ_HEARTBEAT } from './heartbeat.js';
import type { ProbeResult } from './replica-health.js';

export interface ProbePools {
  /** One connection for probes alone: a pool that is merely busy must not look like a server that is down. */
  data: NodePool;
  /** Connections of an account that may read the replication status; without them a stopped replica shows by its lag. */
  status: NodePool | undefined;
}

export interface Probe {
  result: ProbeResult;
  /** The position that the replica had reached when it was asked; undefined when it did not say. */
  position?: string;
}

/**
 * A replica that has lost its source while the primary is there gets this long to find it again. That it was lost because
 * the primary went down is seen a beat later, and when that is back each replica takes a moment to reconnect.
 */
const RECONNECT_GRACE_MS = 2_000;

/** Looks at one replica: what it has, how old that is, and whether it still follows its source. Never throws. */
export class ReplicaProbe {
  private sourceLostSinceMs: number | undefined;
  /** The lag that the replica last reported itself, and when. */
  private ownWord: { lagMs: number; atMs: number } | undefined;

  constructor(
    private readonly pools: ProbePools,
    private readonly dialect: ReplicationDialect,
    private readonly timeoutMs: number,
  ) {}

  async run(heartbeat: Heartbeat): Promise<Probe> {
    try {
      const [position, heartbeatLagMs, status] = await Promise.all([
        this.position(),
        this.lag(heartbeat),
        this.replication(heartbeat),
      ]);
      // While the primary takes no heartbeat of ours, a replica's own word may be all there is of what it misses.
      const ownWordMs = this.credible(status?.kind === 'replicating' ? status.lagMs : 0, heartbeat.now());
      const lagMs = Math.max(heartbeatLagMs, heartbeat.isSilent ? ownWordMs : 0);
      return { result: { lagMs }, ...(position !== undefined && { position }) };
    } catch (error) {
      return { result: { failed: reasonOf(error) } };
    }
  }

  /**
   * The server takes its lag from the time of what it applies, so after an outage of the primary it claims all of that
   * outage at once. What it misses grows no faster than time passes, so no more than that is held against it.
   */
  private credible(claimedMs: number, atMs: number): number {
    const last = this.ownWord;
    const lagMs = last ? Math.min(claimedMs, last.lagMs + atMs - last.atMs) : claimedMs;
    this.ownWord = { lagMs, atMs };
    return lagMs;
  }

  end(): Promise<unknown> {
    const pools = Object.values(this.pools).filter((pool): pool is NodePool => pool !== undefined);
    return Promise.all(pools.map((pool) => new Promise((ended) => pool.end(ended))));
  }

  private async position(): Promise<string | undefined> {
    const [row] = await ask(this.pools.data, { sql: this.dialect.positionQuery, withinMs: this.timeoutMs });
    return this.dialect.parse(String(row?.['position'] ?? ''));
  }

  private async lag(heartbeat: Heartbeat): Promise<number> {
    const askedMs = heartbeat.now();
    const writtenMs = heartbeatOf(
      await ask(this.pools.data, { sql: READ_HEARTBEAT, withinMs: this.timeoutMs }),
    );
    if (writtenMs === undefined) throw new Error('it has no heartbeat row');
    heartbeat.saw(writtenMs);
    const lagMs = heartbeat.lagOf(writtenMs, askedMs);
    if (lagMs === undefined) throw new Error('no heartbeat of the primary is known yet');
    return lagMs;
  }

  /**
   * What it says of its replication, to an account that may ask. One that has lost its source is as old as its heartbeat
   * says; while the primary is there, it should find it again.
   */
  private async replication(heartbeat: Heartbeat): Promise<ReplicationStatus | undefined> {
    if (!this.pools.status) return undefined;
    const { statusQuery } = this.dialect;
    const rows = await ask(this.pools.status, { sql: statusQuery, withinMs: this.timeoutMs });
    const status = this.dialect.readStatus(rows);
    if (status.kind === 'broken') throw new Error(`replication is broken: ${status.detail}`);
    this.sourceLostSinceMs =
      status.kind === 'source-lost' ? (this.sourceLostSinceMs ?? heartbeat.now()) : undefined;
    if (status.kind !== 'source-lost' || this.sourceLostSinceMs === undefined) return status;
    if (heartbeat.answeredForMs(this.sourceLostSinceMs) >= RECONNECT_GRACE_MS)
      throw new Error(`it has lost its source: ${status.detail}`);
    return status;
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
