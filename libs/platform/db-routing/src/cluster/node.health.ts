import { ask } from '../pool/ask.js';
import { assertTakesWrites } from '../health/takes-writes.js';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';

const PING_TIMEOUT_MS = 500;

/** Of each node of a cluster: of the primary whether it answers, of a replica whether reads go there. */
export class NodeHealth {
  constructor(private readonly cluster: RoutingPoolCluster) {}

  /** Every node's name. */
  get nodes(): string[] {
    return [this.cluster.primaryName, ...this.cluster.replicaNodes.map(({ id }) => id)];
  }

  /** @throws Error unless the primary answers, and is one that takes writes: after a switchover it may be none */
  takesWrites(): Promise<void> {
    return assertTakesWrites(this.cluster.primary.probes, PING_TIMEOUT_MS);
  }

  /** @throws Error saying what is wrong with the node */
  async inspect(node: string): Promise<Record<string, unknown>> {
    if (node === this.cluster.primaryName) {
      const { probes, pool } = this.cluster.primary;
      // A busy pool is not a server that is down, and neither is a heartbeat that waits for its commit: one will answer.
      const ping = { sql: 'SELECT 1', withinMs: PING_TIMEOUT_MS };
      await Promise.any([ask(probes, ping), ask(pool, ping)]).catch(({ errors: [first] }: AggregateError) => {
        throw first;
      });
      return { pool: pool.stats };
    }
    const replica = this.cluster.replicaNodes.find(({ id }) => id === node);
    if (!replica) throw new Error(`There is no node ${node}: the nodes are ${this.nodes.join(', ')}`);
    const { state, lagMs } = replica.health;
    if (!replica.inRotation)
      throw new Error(
        `${node} is ${state} (last seen ${lagMs === undefined ? 'never' : `${lagMs} ms behind`})`,
      );
    return { state, lagMs };
  }
}
