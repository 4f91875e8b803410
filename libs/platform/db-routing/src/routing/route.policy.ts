/** What a caller of the pool cluster wants: TypeORM asks for `MASTER` to write and `SLAVE*` to read. */
export type RouteTarget = 'write' | 'read';

export type RouteReason = 'write' | 'primary-only' | 'least-outstanding' | 'no-replica';

export interface ReplicaSnapshot {
  id: string;
  inRotation: boolean;
  /** Connections handed out and not yet returned. */
  outstanding: number;
}

export interface RouteDecision {
  /** A replica's id, or `primary`. */
  node: string;
  reason: RouteReason;
}

export const PRIMARY = 'primary';

/**
 * Chooses the node for one connection: least outstanding work among the replicas in rotation, ties at random so that
 * idle replicas share the load evenly.
 * @param random uniform in [0, 1)
 */
export function chooseRoute(
  target: RouteTarget,
  primaryOnly: boolean,
  replicas: readonly ReplicaSnapshot[],
  random: () => number,
): RouteDecision {
  if (target === 'write') return { node: PRIMARY, reason: 'write' };
  if (primaryOnly) return { node: PRIMARY, reason: 'primary-only' };
  const candidates = replicas.filter((replica) => replica.inRotation);
  const least = Math.min(...candidates.map((replica) => replica.outstanding));
  const tied = candidates.filter((replica) => replica.outstanding === least);
  const chosen = tied[Math.floor(random() * tied.length)];
  return chosen ? { node: chosen.id, reason: 'least-outstanding' } : { node: PRIMARY, reason: 'no-replica' };
}
