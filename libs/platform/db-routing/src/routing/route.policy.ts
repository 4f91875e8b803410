import { rendezvous } from './rendezvous.js';

/** What a caller of the pool cluster wants: TypeORM asks for `MASTER` to write and `SLAVE*` to read. */
export type RouteTarget = 'write' | 'read';

export const routeReasons = [
  'write',
  'forced-primary',
  'in-transaction',
  'forced-replica',
  'sticky-window',
  'fresh',
  'not-fresh-in-time',
  'affinity',
  'least-outstanding',
  'no-replica',
] as const;

/**
 * Why a node was chosen. Reads that go to the primary without having been told to, because no replica is good enough,
 * are `sticky-window`, `not-fresh-in-time` and `no-replica`.
 */
export type RouteReason = (typeof routeReasons)[number];

/** Reasons of reads that go to a replica; all others go to the primary. */
export const replicaReasons: readonly RouteReason[] = [
  'forced-replica',
  'fresh',
  'affinity',
  'least-outstanding',
];

export interface RouteRequest {
  readonly target: RouteTarget;
  readonly forced?: 'primary' | 'replica' | undefined;
  /** The caller has a transaction open: what it reads beside it must not be older. */
  readonly inTransaction: boolean;
  /** The caller has written what no GTID is known of, a moment ago. */
  readonly stickyPrimary: boolean;
  /** The position that the caller has to see; empty: any. */
  readonly position: string;
  /** The wait for `position` is over. */
  readonly waited: boolean;
  readonly affinity?: string | undefined;
}

/** A replica, as the policy sees it. */
export interface ReplicaView {
  readonly id: string;
  /** The replica's share of the reads, relative to the others'; lower during its slow start. Above 0. */
  readonly weight: number;
  readonly inRotation: boolean;
  /** In rotation, but it has just failed a probe: only if nothing better is there. */
  readonly suspect: boolean;
  /** Out of rotation for its lag alone, and within the lag at which a read that asks for a replica still takes it. */
  readonly usableWhenForced: boolean;
  /** Connections handed out and not yet returned, and callers that wait for one: a node that gives none is no idle one. */
  readonly outstanding: number;
  covers(position: string): boolean;
}

export interface RouteDecision {
  readonly reason: RouteReason;
  /** Undefined: the primary. */
  readonly replica?: string;
}

/** No replica is known to have the position yet; one of these may have it in a moment. */
export interface AwaitPosition {
  readonly awaiting: readonly string[];
}

const isInRotation = (replica: ReplicaView) => replica.inRotation;

/**
 * Chooses the node for one connection. The first rule that holds decides: a write; the primary was asked for; a transaction
 * is open; a replica was asked for; the sticky window is open; a position has to be reached; a key has its replica; and
 * else the least outstanding work.
 * @param random uniform in [0, 1)
 */
export function chooseRoute(
  request: RouteRequest,
  replicas: readonly ReplicaView[],
  random: () => number,
): RouteDecision | AwaitPosition {
  if (request.target === 'write') return { reason: 'write' };
  if (request.forced === 'primary') return { reason: 'forced-primary' };
  if (request.inTransaction) return { reason: 'in-transaction' };
  if (request.forced === 'replica') return forced(request, replicas, random);
  if (request.stickyPrimary) return { reason: 'sticky-window' };

  const inRotation = replicas.every(isInRotation) ? replicas : replicas.filter(isInRotation);
  if (inRotation.length === 0) return { reason: 'no-replica' };
  if (request.position === '') return among(inRotation, request.affinity, random);

  const fresh = inRotation.filter((replica) => replica.covers(request.position));
  if (fresh.length > 0) return { ...among(fresh, request.affinity, random), reason: 'fresh' };
  if (request.waited) return { reason: 'not-fresh-in-time' };
  return { awaiting: inRotation.map(({ id }) => id) };
}

function forced(
  request: RouteRequest,
  replicas: readonly ReplicaView[],
  random: () => number,
): RouteDecision {
  const inRotation = replicas.filter(isInRotation);
  const usable =
    inRotation.length > 0 ? inRotation : replicas.filter(({ usableWhenForced }) => usableWhenForced);
  if (usable.length === 0) return { reason: 'no-replica' };
  return { ...among(usable, request.affinity, random), reason: 'forced-replica' };
}

function among(
  usable: readonly ReplicaView[],
  affinity: string | undefined,
  random: () => number,
): RouteDecision {
  const trusted = usable.some(({ suspect }) => suspect) ? usable.filter(({ suspect }) => !suspect) : usable;
  const candidates = trusted.length > 0 ? trusted : usable;
  if (affinity !== undefined) {
    const owner = rendezvous(affinity, candidates);
    if (owner) return { replica: owner.id, reason: 'affinity' };
  }
  return { replica: leastOutstanding(candidates, random), reason: 'least-outstanding' };
}

/** Outstanding work for each unit of weight; ties, as when all are idle, at random in proportion to weight. */
function leastOutstanding(candidates: readonly ReplicaView[], random: () => number): string {
  let least = Infinity;
  let tied: ReplicaView[] = [];
  for (const candidate of candidates) {
    const load = candidate.outstanding / candidate.weight;
    if (load < least) {
      least = load;
      tied = [candidate];
    } else if (load === least) tied.push(candidate);
  }
  let draw = random() * tied.reduce((sum, { weight }) => sum + weight, 0);
  for (const { id, weight } of tied) {
    draw -= weight;
    if (draw < 0) return id;
  }
  return tied.at(-1)?.id ?? '';
}
