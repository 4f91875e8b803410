import { type ConsistencyState, consistencyState } from '../consistency/consistency.context.js';
import type { DbRoutingMetrics } from '../db-routing.metrics.js';
import { DatabaseUnavailableError } from '../errors.js';
import type { ConnectionCallback, Lease } from '../pool/node.connection.js';
import type { NodePool } from '../pool/node.pool.js';
import { FallbackGate } from './fallback.gate.js';
import type { ReplicaNode } from './replica.node.js';
import type { RouteShare } from './route-share.js';
import { type AwaitPosition, chooseRoute, type RouteReason, type RouteRequest } from './route.policy.js';

export const PRIMARY = 'primary';

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
}

/** The nodes there are now. */
export interface RoutedNodes {
  readonly primaryPool: NodePool;
  readonly replicaNodes: readonly ReplicaNode[];
}

/** One read on its way to a connection. */
interface Attempt {
  readonly state: ConsistencyState;
  readonly startedMs: number;
  /** Nodes that gave no connection, or broke. */
  readonly tried: ReadonlySet<string>;
  readonly waited: boolean;
  /** A read is repeated once; one that is a repetition is not. */
  readonly isRepetition: boolean;
}

const NONE: ReadonlySet<string> = new Set();

const fallbackReasons: ReadonlySet<RouteReason> = new Set([
  'sticky-window',
  'not-fresh-in-time',
  'no-replica',
]);

/** Finds each read a connection: on the node that the policy names, or on another when that one gives none. */
export class ReadRouter {
  readonly gate: FallbackGate;

  constructor(
    private readonly nodes: RoutedNodes,
    private readonly options: ReadRouterOptions,
    private readonly metrics: DbRoutingMetrics,
    private readonly share: RouteShare,
    private readonly random: () => number,
  ) {
    this.gate = new FallbackGate(options.fallbackReads, options.fallbackLine);
  }

  read(callback: ConnectionCallback): void {
    const state = consistencyState();
    const startedMs = performance.now();
    this.attempt({ state, startedMs, tried: NONE, waited: false, isRepetition: false }, callback);
  }

  private attempt(attempt: Attempt, callback: ConnectionCallback): void {
    const { replicaNodes } = this.nodes;
    const { tried } = attempt;
    const candidates = tried.size === 0 ? replicaNodes : replicaNodes.filter(({ id }) => !tried.has(id));
    const decision = chooseRoute(requestOf(attempt), candidates, this.random);
    if ('awaiting' in decision) {
      this.awaitPosition(attempt, decision, callback);
      return;
    }
    const { reason } = decision;
    const replica = candidates.find(({ id }) => id === decision.replica);
    if (replica && this.leftMs(attempt, this.options.replicaDeadlineMs) > 0) {
      this.onReplica(attempt, replica, reason, candidates.length, callback);
    } else this.onPrimary(attempt, replica ? 'no-replica' : reason, callback);
  }

  /** A replica that can't be reached costs the read a detour, not an error: nothing has been sent to it yet. */
  private onReplica(
    attempt: Attempt,
    { id, pool }: ReplicaNode,
    reason: RouteReason,
    candidates: number,
    callback: ConnectionCallback,
  ): void {
    this.count(attempt, id, reason);
    const withinMs = this.leftMs(attempt, this.options.replicaDeadlineMs);
    const lease = this.leaseOf(attempt);
    // What broke one node's connections may have broken this one's as well: a repetition goes to one that answers.
    const request = { lease, withinMs, patienceMs: withinMs / candidates, verified: attempt.isRepetition };
    pool.acquire(request, (error, connection) => {
      if (!(error instanceof DatabaseUnavailableError)) callback(error, connection);
      else this.attempt({ ...attempt, tried: new Set([...attempt.tried, id]) }, callback);
    });
  }

  private onPrimary(attempt: Attempt, reason: RouteReason, callback: ConnectionCallback): void {
    if (attempt.tried.has(PRIMARY)) {
      callback(null);
      return;
    }
    this.count(attempt, PRIMARY, reason);
    const withinMs = this.leftMs(attempt, this.options.deadlineMs);
    const lease = this.leaseOf(attempt);
    if (!fallbackReasons.has(reason)) {
      this.nodes.primaryPool.acquire({ lease, withinMs }, callback);
      return;
    }
    this.gate.enter(withinMs, (full, leave) => {
      if (full) {
        callback(full);
        return;
      }
      const leftMs = Math.max(1, this.leftMs(attempt, this.options.deadlineMs));
      const request = { lease: { ...lease, returned: leave }, withinMs: leftMs };
      this.nodes.primaryPool.acquire(request, (error, connection) => {
        if (error) leave();
        callback(error, connection);
      });
    });
  }

  private awaitPosition(attempt: Attempt, { awaiting }: AwaitPosition, callback: ConnectionCallback): void {
    const withinMs = Math.min(this.options.waitMs, this.leftMs(attempt, this.options.replicaDeadlineMs));
    const position = attempt.state.scope?.freshness.position ?? '';
    const startedMs = performance.now();
    const goOn = (reached: boolean) => {
      const outcome = reached ? 'reached' : 'timeout';
      this.metrics.positionWait.observe({ outcome }, (performance.now() - startedMs) / 1_000);
      this.attempt({ ...attempt, waited: true }, callback);
    };
    const waits = this.nodes.replicaNodes
      .filter(({ id }) => awaiting.includes(id))
      .map((replica) => replica.positions.wait(position, withinMs));
    void firstTrue(waits).then(goOn);
  }

  private leaseOf(attempt: Attempt): Lease {
    const { scope } = attempt.state;
    return {
      readOnly: true,
      ...(scope && { listener: scope }),
      ...(!attempt.isRepetition && {
        elsewhere: (failed, callback) => this.repeat(attempt.state, failed, callback),
      }),
    };
  }

  private repeat(state: ConsistencyState, failed: string, callback: ConnectionCallback): void {
    this.metrics.repeatedReads.inc({ node: failed });
    const startedMs = performance.now();
    this.attempt({ state, startedMs, tried: new Set([failed]), waited: false, isRepetition: true }, callback);
  }

  private count({ startedMs }: Attempt, node: string, reason: RouteReason): void {
    this.metrics.routed(node, reason);
    this.share.count(node, startedMs);
  }

  private leftMs({ startedMs }: Attempt, deadlineMs: number): number {
    return deadlineMs - (performance.now() - startedMs);
  }
}

function requestOf({ state, waited }: Attempt): RouteRequest {
  const { scope } = state;
  return {
    target: 'read',
    forced: state.forced,
    inTransaction: scope !== undefined && scope.transactions > 0,
    stickyPrimary: scope !== undefined && scope.isPrimaryOnly,
    position: scope?.freshness.position ?? '',
    waited,
    affinity: state.affinity,
  };
}

/** Resolves with true as soon as one does, with false when none has. */
async function firstTrue(promises: readonly Promise<boolean>[]): Promise<boolean> {
  const hit = promises.map(async (promise) => {
    if (!(await promise)) throw new Error('not this one');
    return true;
  });
  return Promise.any(hit).catch(() => false);
}
