import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { withDeadline } from '@fourfold/kernel';
import type { RowDataPacket } from 'mysql2';
import type { DbRoutingMetrics } from './db-routing.metrics.js';
import type { NodePool } from './node.pool.js';
import type { ProbeResult } from './replica-health.js';
import type { ReplicaNode, RoutingPoolCluster } from './routing-pool.cluster.js';

const PROBE_INTERVAL_MS = 1_000;
const PROBE_TIMEOUT_MS = 500;
/** How long the start waits for the replicas to earn their place; it goes on without those that have not. */
const START_DEADLINE_MS = 1_000;
const START_INTERVAL_MS = 20;

/** Every process writes it: replicas are measured as long as one of them lives. Primary key lookup. */
const WRITE_HEARTBEAT = `
  INSERT INTO replication_heartbeat (id, written_at) VALUES (1, NOW(3))
  ON DUPLICATE KEY UPDATE written_at = NOW(3)
`;

/** Primary key lookup. */
const READ_HEARTBEAT = `
  SELECT UNIX_TIMESTAMP(written_at) * 1000 AS written_ms FROM replication_heartbeat WHERE id = 1
`;

interface Heartbeat {
  /** By the primary's clock: only ever compared with another heartbeat, so no two servers' clocks have to agree. */
  writtenMs: number;
  /** By this process's clock. */
  seenMs: number;
}

/**
 * Measures each replica's lag in the background, by a row that is written on the primary and read on the replica: a
 * replica cut off from its source still reports a lag of 0 about itself, but its row grows old.
 *
 * A replica that has the newest heartbeat this process knows of misses nothing, and has no lag; one that has not misses
 * everything since its own. So a primary that is down ages nobody: what the replicas have is all there is, and reads
 * go on.
 */
export class ReplicaHealthMonitor {
  private readonly logger = new Logger(ReplicaHealthMonitor.name);
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private newest: Heartbeat | undefined;

  /** @param now milliseconds that only ever grow */
  constructor(
    private readonly cluster: RoutingPoolCluster,
    private readonly metrics: DbRoutingMetrics,
    private readonly intervalMs: number = PROBE_INTERVAL_MS,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Resolves when the replicas are in rotation, so that the first request finds them, or after `START_DEADLINE_MS`. */
  async start(): Promise<void> {
    const deadlineMs = performance.now() + START_DEADLINE_MS;
    await this.beat();
    await this.probeAll();
    while (!this.allInRotation() && performance.now() < deadlineMs) {
      await pause(START_INTERVAL_MS);
      await this.probeAll();
    }
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.round(), this.intervalMs);
    this.timer.unref();
  }

  /** Probes first: the heartbeat of the round before has had an interval to arrive. */
  private async round(): Promise<void> {
    try {
      await this.probeAll();
      await this.beat();
    } catch (error) {
      this.logger.error({ err: error }, 'A round of replica probes failed');
    }
    this.schedule();
  }

  private allInRotation(): boolean {
    return [...this.cluster.replicas.values()].every(({ health }) => health.inRotation);
  }

  private async beat(): Promise<void> {
    const { probes } = this.cluster.primary;
    try {
      await ask(probes, WRITE_HEARTBEAT);
      const seenMs = this.now();
      const writtenMs = heartbeatOf(await ask(probes, READ_HEARTBEAT));
      if (writtenMs !== undefined) this.newest = { writtenMs, seenMs };
    } catch (error) {
      if (!this.stopped) this.logger.warn({ err: error }, 'The replication heartbeat could not be written');
    }
  }

  private async probeAll(): Promise<void> {
    const { primary, replicas } = this.cluster;
    await Promise.all([...replicas].map(([id, replica]) => this.probe(id, replica)));
    for (const { pool } of [primary, ...replicas.values()]) {
      this.metrics.poolUsed.set({ node: pool.node }, pool.outstanding);
      this.metrics.poolSize.set({ node: pool.node }, pool.size);
    }
  }

  private async probe(id: string, { probes, health }: ReplicaNode): Promise<void> {
    const changed = health.record(await this.measure(probes));
    this.metrics.replicaInRotation.set({ node: id }, health.inRotation ? 1 : 0);
    if (health.lagMs !== undefined) this.metrics.replicaLag.set({ node: id }, health.lagMs / 1_000);
    if (changed) {
      this.logger.warn(
        { replica: id, lagMs: health.lagMs },
        `${id} ${health.inRotation ? 'joined' : 'left'} the rotation`,
      );
    }
  }

  private async measure(probes: NodePool): Promise<ProbeResult> {
    try {
      const writtenMs = heartbeatOf(await ask(probes, READ_HEARTBEAT));
      if (writtenMs === undefined || !this.newest) return { failed: true };
      if (writtenMs >= this.newest.writtenMs) return { lagMs: 0 };
      return { lagMs: this.newest.writtenMs - writtenMs + (this.now() - this.newest.seenMs) };
    } catch {
      return { failed: true };
    }
  }
}

function heartbeatOf([row]: RowDataPacket[]): number | undefined {
  const writtenMs: unknown = row?.['written_ms'];
  return writtenMs === undefined || writtenMs === null ? undefined : Number(writtenMs);
}

function ask(pool: NodePool, sql: string): Promise<RowDataPacket[]> {
  const answer = new Promise<RowDataPacket[]>((resolve, reject) => {
    pool.acquire((error, connection) => {
      if (error || !connection) {
        reject(error ?? new Error(`${pool.node} gave no connection`));
        return;
      }
      connection.query<RowDataPacket[]>({ sql, timeout: PROBE_TIMEOUT_MS }, (queryError, rows) => {
        // After a timeout the answer may still arrive: such a connection is not for anyone else.
        if (queryError) connection.destroy();
        else connection.release();
        if (queryError) reject(queryError);
        else resolve(rows);
      });
    });
  });
  return withDeadline(answer, 2 * PROBE_TIMEOUT_MS, () => new Error(`${pool.node} did not answer a probe`));
}
