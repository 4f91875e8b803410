import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { ask } from '../pool/ask.js';
import { PRIMARY } from '../routing/read.router.js';
import { RoutingPoolCluster } from '../routing/routing-pool.cluster.js';
import { assertTakesWrites } from './takes-writes.js';

const PING_TIMEOUT_MS = 500;

/** Terminus indicator of one node: of the primary whether it answers, of a replica whether reads go there. */
@Injectable()
export class DbNodeHealthIndicator {
  constructor(
    private readonly cluster: RoutingPoolCluster,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Every node's name, for `isHealthy`. */
  get nodes(): string[] {
    return [PRIMARY, ...this.cluster.replicaNodes.map(({ id }) => id)];
  }

  /** @param node `primary`, or `replica-1` and so on in the order of the options */
  async isHealthy<K extends string>(key: K, node: string): Promise<HealthIndicatorResult<K>> {
    const indicator = this.indicators.check(key);
    try {
      return indicator.up(await this.inspect(node));
    } catch (error) {
      return indicator.down((error as Error).message);
    }
  }

  /** @throws Error unless the primary answers, and is one that takes writes: after a switchover it may be none */
  takesWrites(): Promise<void> {
    return assertTakesWrites(this.cluster.primary.probes, PING_TIMEOUT_MS);
  }

  /** @throws Error saying what is wrong with the node */
  async inspect(node: string): Promise<Record<string, unknown>> {
    if (node === PRIMARY) {
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
