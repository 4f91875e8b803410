import { currentBudget } from '@fourfold/observability/request-context';
import { type ConsistencyState, consistencyState } from '../consistency/consistency.context.js';
import type { ClusterScope } from '../consistency/consistency.scope.js';
import type { DbRoutingMetrics } from './db-routing.metrics.js';
import { DatabaseUnavailableError } from '../errors.js';
import type { ConnectionCallback, Lease } from '../pool/lease.js';
import type { NodePool } from '../pool/node.pool.js';
import { whereabouts } from '../pool/whereabouts.js';
import { FallbackGate, type Leave } from './fallback.gate.js';
import { PositionWaits } from './position.waits.js';
import type { ReplicaNode } from './replica.node.js';
import type { RouteShare } from './route-share.js';
import {
  isInPlace,
  needsIndex,
  newAttempt,
  positionIsIndexed,
  positionOf,
  PRIMARY,
  type ReadAttempt,
  requestOf,
  UNTRIED,
} from './read.attempt.js';
import { type AwaitPosition, chooseRoute, type RouteReason } from './route.policy.js';

export { PRIMARY };

export interface ReadRouterOptions {
  /** For a connection to a replica, all attempts together. */
  replicaDeadlineMs: number;
  /** For a connection to any node at all. */
  deadlineMs: number;
  /** How long a read waits for a replica to catch up with its caller. */
  waitMs: number;
  /** Reads that the primary answers in place of replicas, at once. */
  fallbackReads: number;
  fallbackLine: number;
  /** The dependency that errors name. */
  dependency?: string | undefined;
}

/** The nodes there are now, and what callers ask of them. */
export interface RoutedNodes {
  readonly primaryPool: NodePool;
  readonly replicaNodes: readonly ReplicaNode[];
  /** Counts a choice. */
  routed(node: string, reason: RouteReason): void;
  /** The writes on this cluster that the caller has to see. */
  scopeOf(state: ConsistencyState): ClusterScope | undefined;
  /**
   * Where a replica has to be for both what the caller has to see and what was committed when its work began.
   * @throws what the primary answers when it does not say
   */
  indexedPosition(state: ConsistencyState): Promise<string>;
  /** How much of `deadlineMs` the caller has left. */
  waitMs(state: ConsistencyState, deadlineMs: number): number;
}

const fallbackReasons: ReadonlySet<RouteReason> = new Set([
  'sticky-window',
  'not-fresh-in-time',
  'no-replica',
]);

/** While the primary can't be reached, one read in this time, ms, tries it although a replica may answer. */
const PRIMARY_RETRY_MS = 1_000;

/** Finds each read a connection: on the node that the policy names, or on another when that one gives none. */
export class ReadRouter {
  readonly gate: FallbackGate;
  /** Whether each read notes where it was asked for. */
  notesCallers = false;
  /** The primary could not be reached: reads that replicas may answer leave it alone until then. 0: it could. */
  private sparedUntilMs = 0;
  private readonly waits: PositionWaits;

  constructor(
    private readonly nodes: RoutedNodes,
    private readonly options: ReadRouterOptions,
    private readonly metrics: DbRoutingMetrics,
    private readonly share: RouteShare,
    private readonly random: () => number,
  ) {
    this.waits = new PositionWaits(metrics);
    this.gate = new FallbackGate(options.fallbackReads, options.fallbackLine, options.dependency);
  }

  read(callback: ConnectionCallback, purpose?: string): void {
    const state = consistencyState();
    const scope = this.nodes.scopeOf(state);
    const asked = { state, scope, budget: currentBudget(), purpose };
    const attempt = newAttempt(asked, this.notesCallers ? whereabouts() : undefined);
    if (state.orReplica === undefined || !this.isSpared(attempt.startedMs)) this.attempt(attempt, callback);
    else this.inPlaceOfPrimary(attempt, this.unavailable(), callback);
  }

  /**
   * A replica is there again: those who wait for the primary in its place go to it, as many as it has connections for, and
   * whenever one of them is done the next one follows.
   */
  reconsider(): void {
    if (this.gate.waiting === 0) return;
    let room = 0;
    for (const { inRotation, outstanding, pool } of this.nodes.replicaNodes)
      if (inRotation) room += Math.max(0, pool.stats.size - outstanding);
    this.gate.callOut(room);
  }

  /** The primary has given a connection: reads that a replica might answer go there again. */
  reachedPrimary(): void {
    this.sparedUntilMs = 0;
  }

  private attempt(attempt: ReadAttempt, callback: ConnectionCallback): void {
    const { replicaNodes } = this.nodes;
    const { tried } = attempt;
    const candidates = tried.size === 0 ? replicaNodes : replicaNodes.filter(({ id }) => !tried.has(id));
    const decision = chooseRoute(requestOf(attempt), candidates, this.random);
    if (needsIndex(attempt) && ('awaiting' in decision || decision.replica !== undefined)) {
      void this.index(attempt).then((indexed) => this.attempt({ ...attempt, indexed }, callback));
      return;
    }
    if ('awaiting' in decision) {
      this.awaitPosition(attempt, decision, callback);
      return;
    }
    const { reason } = decision;
    const replica = candidates.find(({ id }) => id === decision.replica);
    const leftMs = replica ? this.leftForReplicasMs(attempt) : 0;
    if (replica && leftMs > 0) {
      this.onReplica(attempt, replica, reason, { leftMs, candidates: candidates.length }, callback);
    } else this.onPrimary(attempt, replica ? 'no-replica' : reason, callback);
  }

  /** A replica that can't be reached costs the read a detour, not an error: nothing has been sent to it yet. */
  private onReplica(
    attempt: ReadAttempt,
    { id, pool }: ReplicaNode,
    reason: RouteReason,
    { leftMs: withinMs, candidates }: { leftMs: number; candidates: number },
    callback: ConnectionCallback,
  ): void {
    this.nodes.routed(id, reason);
    const lease = this.leaseOf(attempt, reason, attempt.calledOut ? () => this.reconsider() : undefined);
    // What broke one node's connections may have broken this one's as well: a repetition goes to one that answers.
    const request = { lease, withinMs, patienceMs: withinMs / candidates, verified: attempt.isRepetition };
    pool.acquire(request, (error, connection) => {
      if (error instanceof DatabaseUnavailableError) {
        this.attempt({ ...attempt, tried: new Set([...attempt.tried, id]) }, callback);
        return;
      }
      this.given(attempt, id, connection);
      callback(error, connection);
    });
  }

  private onPrimary(attempt: ReadAttempt, reason: RouteReason, callback: ConnectionCallback): void {
    if (attempt.tried.has(PRIMARY)) {
      callback(null);
      return;
    }
    // The cache bounds its loads by itself.
    if (!fallbackReasons.has(reason) || attempt.state.indexed) {
      this.takePrimary(attempt, reason, callback);
      return;
    }
    this.gate.enter(this.leftMs(attempt), {
      enter: (leave) => this.takePrimary(attempt, reason, callback, leave),
      refuse: (full) => {
        this.metrics.acquireFailed(this.primary, full.code);
        callback(full);
      },
      reconsider: () => {
        const replicasSinceMs = performance.now();
        this.attempt({ ...attempt, replicasSinceMs, tried: UNTRIED, calledOut: true }, callback);
      },
    });
  }

  private takePrimary(
    attempt: ReadAttempt,
    reason: RouteReason,
    callback: ConnectionCallback,
    leave: Leave = () => {},
  ): void {
    this.nodes.routed(this.primary, reason);
    const lease = this.leaseOf(attempt, reason, leave);
    const request = { lease, withinMs: Math.max(1, this.leftMs(attempt)) };
    this.nodes.primaryPool.acquire(request, (error, connection) => {
      if (error) leave();
      else this.reachedPrimary();
      if (attempt.state.orReplica && error instanceof DatabaseUnavailableError) {
        this.inPlaceOfPrimary(attempt, error, callback);
        return;
      }
      this.given(attempt, this.primary, connection);
      callback(error, connection);
    });
  }

  /** On a replica that will do for its caller, else as the primary has failed. */
  private inPlaceOfPrimary(attempt: ReadAttempt, error: Error, callback: ConnectionCallback): void {
    const replicasSinceMs = performance.now();
    if (this.sparedUntilMs === 0) this.sparedUntilMs = replicasSinceMs + PRIMARY_RETRY_MS;
    const tried = new Set([...attempt.tried, PRIMARY]);
    this.attempt({ ...attempt, replicasSinceMs, tried }, (_other, replica) => {
      callback(replica ? null : error, replica);
    });
  }

  private isSpared(nowMs: number): boolean {
    if (this.sparedUntilMs === 0 || nowMs < this.sparedUntilMs) return this.sparedUntilMs > 0;
    this.sparedUntilMs = nowMs + PRIMARY_RETRY_MS;
    return false;
  }

  /** @returns null where the primary does not say: then it has to be read itself */
  private index({ state }: ReadAttempt): Promise<string | null> {
    return this.nodes.indexedPosition(state).then(
      (position) => {
        this.reachedPrimary();
        return position;
      },
      () => null,
    );
  }

  private awaitPosition(
    attempt: ReadAttempt,
    { awaiting }: AwaitPosition,
    callback: ConnectionCallback,
  ): void {
    const withinMs = Math.min(this.options.waitMs, this.leftForReplicasMs(attempt));
    const replicas = this.nodes.replicaNodes.filter(({ id }) => awaiting.includes(id));
    const isIndexed = positionIsIndexed(attempt);
    const wait = { replicas, position: positionOf(attempt), withinMs, isIndexed };
    void this.waits.reached(wait).then(() => this.attempt({ ...attempt, waited: true }, callback));
  }

  private leaseOf(attempt: ReadAttempt, reason: RouteReason, returned?: () => void): Lease {
    const { scope: listener, budget, purpose, takenAt, isRepetition } = attempt;
    const elsewhere: Lease['elsewhere'] = isRepetition
      ? undefined
      : (failed, callback) => this.repeat(attempt, failed, callback);
    return { readOnly: true, listener, budget, reason: purpose ?? reason, takenAt, returned, elsewhere };
  }

  private repeat(attempt: ReadAttempt, failed: string, callback: ConnectionCallback): void {
    const tried = new Set([failed === this.primary ? PRIMARY : failed]);
    const repetition = { ...newAttempt(attempt), tried, isRepetition: true };
    this.attempt(repetition, (error, connection) => {
      if (connection) this.metrics.repeatedReads.inc({ node: failed });
      callback(error, connection);
    });
  }

  private given(attempt: ReadAttempt, node: string, connection: unknown): void {
    if (!connection) return;
    this.share.count(node, attempt.startedMs);
    if (node !== this.primary && isInPlace(attempt)) attempt.state.orReplica?.();
  }

  private get primary(): string {
    return this.nodes.primaryPool.node;
  }

  private unavailable(): DatabaseUnavailableError {
    return new DatabaseUnavailableError(undefined, this.options.dependency);
  }

  private leftMs({ startedMs, state }: ReadAttempt): number {
    const { deadlineMs } = this.options;
    const ownMs = deadlineMs - (performance.now() - startedMs);
    return Math.min(ownMs, this.nodes.waitMs(state, deadlineMs));
  }

  private leftForReplicasMs(attempt: ReadAttempt): number {
    const ownMs = this.options.replicaDeadlineMs - (performance.now() - attempt.replicasSinceMs);
    return attempt.calledOut ? Math.min(ownMs, this.leftMs(attempt)) : ownMs;
  }
}
