import { setTimeout as pause } from 'node:timers/promises';
import { PeriodicTask } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import type { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import type { HealthOptions } from '../db-routing.options.js';
import { PoolExhaustedError } from '../errors.js';
import { ask } from '../pool/ask.js';
import type { NodePool } from '../pool/node.pool.js';
import type { ReplicaNode } from '../routing/replica.node.js';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';
import { Heartbeat } from '../health/heartbeat.js';
import type { HealthTransition, ProbeResult } from '../health/replica-health.js';
import { ReadOnlyPrimaryError } from '../health/takes-writes.js';

export interface MonitorOptions extends HealthOptions {
  /** Whether this process writes heartbeats, or measures by those of others. Default true. */
  writesHeartbeat?: boolean;
  /** Milliseconds that only ever grow. */
  now?: () => number;
  random?: () => number;
}

const JITTER = 0.2;
/** A replica under suspicion is asked again soon: three failures decide, and reads are waiting to know. */
const SUSPICION_INTERVAL_MS = 100;
/** …and a look that suspicion asks for comes no sooner than this after the last one. */
const LEAST_GAP_MS = 500;
/** How long the start waits for the replicas to earn their place; it goes on without those that have not. */
const START_DEADLINE_MS = 1_000;
const START_INTERVAL_MS = 20;

/** The probes of one replica. */
interface Watch {
  readonly task: PeriodicTask;
  probing: boolean;
  startedMs: number;
}

/**
 * Keeps `ReplicaHealth` (which has the states) of each replica true, in the background alone: no request ever waits for a
 * probe. Probes come at intervals, and at once when a pool reports that its replica does not answer.
 */
export class ReplicaHealthMonitor {
  private readonly logger = new Logger(ReplicaHealthMonitor.name);
  private readonly heartbeat: Heartbeat;
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly watches = new Map<ReplicaNode, Watch>();
  private readonly beats: PeriodicTask;
  private sequence = 0;
  private stopped = false;

  constructor(
    private readonly cluster: RoutingPoolCluster,
    private readonly metrics: DbRoutingMetrics,
    private readonly options: MonitorOptions,
  ) {
    this.now = options.now ?? (() => performance.now());
    this.random = options.random ?? Math.random;
    const { beatIntervalMs: intervalMs, beatTimeoutMs: timeoutMs, writesHeartbeat: writes = true } = options;
    this.heartbeat = new Heartbeat({ intervalMs, timeoutMs, writes, now: this.now });
    this.beats = new PeriodicTask({
      name: 'The replication heartbeat',
      everyMs: intervalMs,
      firstAfterMs: intervalMs,
      run: () => this.beat(),
      log: this.logger,
    });
  }

  /** Resolves when the replicas are in rotation, so that the first request finds them, or after `START_DEADLINE_MS`. */
  async start(): Promise<void> {
    this.cluster.onSuspicion = (replica) => this.suspect(replica);
    const deadlineMs = performance.now() + START_DEADLINE_MS;
    // Its failure is logged with the next one.
    await this.beat().catch(() => {});
    for (;;) {
      await Promise.all(this.cluster.replicaNodes.map((replica) => this.probe(replica)));
      const done = this.cluster.replicaNodes.every(({ inRotation }) => inRotation);
      if (this.stopped || done || performance.now() >= deadlineMs) break;
      await pause(START_INTERVAL_MS);
    }
    this.beats.start();
    for (const replica of this.cluster.replicaNodes) this.watchOf(replica).task.start();
  }

  stop(): void {
    this.stopped = true;
    this.cluster.onSuspicion = () => {};
    void this.beats.stop();
    for (const { task } of this.watches.values()) void task.stop();
  }

  private suspect(replica: ReplicaNode): void {
    const watch = this.watchOf(replica);
    if (this.stopped || watch.probing || this.now() - watch.startedMs < LEAST_GAP_MS) return;
    watch.task.wake();
  }

  /** @returns milliseconds from one probe of `replica` to the next */
  private restMs(replica: ReplicaNode): number {
    const jitter = 1 + JITTER * (2 * this.random() - 1);
    return Math.min(
      this.options.probeIntervalMs * jitter,
      replica.suspect ? SUSPICION_INTERVAL_MS : Infinity,
    );
  }

  /** Never rejects: one that breaks off in the middle is one that failed, and the next one comes all the same. */
  private async probe(replica: ReplicaNode): Promise<void> {
    const watch = this.watchOf(replica);
    const sequence = (this.sequence += 1);
    watch.probing = true;
    watch.startedMs = this.now();
    try {
      const outcome = await this.look(replica);
      if (this.stopped) return;
      this.follow(replica, replica.health.record(outcome, sequence, this.now()));
      // The trial is part of it: a suspicion that the trial itself raises begins no second one.
      if (replica.health.state === 'probing') await this.tryOut(replica);
    } catch (error) {
      this.logger.error({ err: error, replica: replica.id }, `The probe of ${replica.id} broke off`);
    } finally {
      watch.probing = false;
    }
  }

  private async look(replica: ReplicaNode): Promise<ProbeResult> {
    try {
      const { result, position } = await replica.probe.run(this.heartbeat);
      if (position !== undefined && !this.stopped) replica.positions.learn(position);
      return result;
    } catch (error) {
      this.logger.error({ err: error, replica: replica.id }, `The probe of ${replica.id} broke off`);
      return { failed: `the probe broke off: ${(error as Error).message}` };
    }
  }

  /** One connection of those that reads would use, before the many that wait for one. */
  private async tryOut(replica: ReplicaNode): Promise<void> {
    const { health, pool } = replica;
    const question = { sql: 'SELECT 1', withinMs: this.options.trialTimeoutMs };
    const error = await ask(pool, question).then(
      () => undefined,
      (reason: Error) => reason,
    );
    // Those who read it although it is late have all its connections: that proves nothing, the next probe tries again.
    if (this.stopped || (error && (error instanceof PoolExhaustedError || isBusy(pool)))) return;
    this.follow(replica, health.recordTrial(error, this.now()));
  }

  private follow(replica: ReplicaNode, transition: HealthTransition | undefined): void {
    if (!transition) return;
    const { from, to, why } = transition;
    const { lagMs, ejectionReason } = replica.health;
    const detail = { replica: replica.id, from, to, lagMs };
    const line = `${replica.id} is ${to} (it was ${from}): ${why}`;
    if (to === 'ejected' || to === 'suspect') this.logger.warn(detail, line);
    else this.logger.log(detail, line);
    if (from === 'probing' && to !== 'ejected') this.cluster.router.reconsider();
    if (to !== 'ejected') return;
    if (from !== 'probing' && from !== 'ejected')
      this.metrics.ejections.inc({ node: replica.id, reason: ejectionReason });
    // What it had is not to be trusted when it comes back, and neither are its connections.
    if (ejectionReason === 'unreachable') replica.positions.forget();
    replica.pool.retire({ abort: ejectionReason === 'unreachable' });
  }

  private async beat(): Promise<void> {
    try {
      await this.heartbeat.beat(this.cluster.primary.probes);
    } catch (error) {
      if (this.stopped) return;
      // A write that is refused has its pool do so.
      if (error instanceof ReadOnlyPrimaryError) this.cluster.leavePrimary();
      this.metrics.heartbeatFailures.inc();
      throw error;
    }
  }

  private watchOf(replica: ReplicaNode): Watch {
    const known = this.watches.get(replica);
    if (known) return known;
    const task = new PeriodicTask({
      name: `Probing ${replica.id}`,
      everyMs: this.options.probeIntervalMs,
      firstAfterMs: this.restMs(replica),
      run: async () => {
        await this.probe(replica);
        return this.restMs(replica);
      },
      log: this.logger,
    });
    const watch = { task, probing: false, startedMs: -Infinity };
    this.watches.set(replica, watch);
    return watch;
  }
}

/** A trial that waited to its end says only that it had no answer, not that others had all the connections. */
function isBusy({ stats }: NodePool): boolean {
  return stats.used >= stats.size;
}
