import type { DbRoutingMetrics } from './db-routing.metrics.js';
import type { ReplicaNode } from './replica.node.js';

export interface PositionWait {
  /** One of them has to reach the position. */
  readonly replicas: readonly Pick<ReplicaNode, 'positions'>[];
  readonly position: string;
  readonly withinMs: number;
  /** Whether the position is where the primary was, and not the caller's own writes alone. */
  readonly isIndexed: boolean;
}

/**
 * The waits of reads for a replica that has their position.
 *
 * A read under the read index needs the newest position there is, so where one has waited in vain the next would too: from
 * then on one such read at a time waits and the others go to the primary at once, until a wait succeeds.
 */
export class PositionWaits {
  private areLate = false;
  private indexed = 0;

  constructor(private readonly metrics: Pick<DbRoutingMetrics, 'positionWait'>) {}

  /** @returns whether a replica has it in time. Never rejects. */
  async reached(wait: PositionWait): Promise<boolean> {
    if (!wait.isIndexed) return this.wait(wait);
    if (this.areLate && this.indexed > 0) return false;
    this.indexed += 1;
    const reached = await this.wait(wait);
    this.indexed -= 1;
    this.areLate = !reached;
    return reached;
  }

  private async wait({ replicas, position, withinMs }: PositionWait): Promise<boolean> {
    const startedMs = performance.now();
    const reached = await firstTrue(replicas.map(({ positions }) => positions.wait(position, withinMs)));
    const outcome = reached ? 'reached' : 'timeout';
    this.metrics.positionWait.observe({ outcome }, (performance.now() - startedMs) / 1_000);
    return reached;
  }
}

/** Resolves with true as soon as one does, with false when none has. */
async function firstTrue(promises: readonly Promise<boolean>[]): Promise<boolean> {
  const hit = promises.map(async (promise) => {
    if (!(await promise)) throw new Error('not this one');
    return true;
  });
  return Promise.any(hit).catch(() => false);
}
