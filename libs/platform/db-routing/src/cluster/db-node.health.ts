import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { NodeHealth } from './node.health.js';
import { RoutingPoolCluster } from './routing-pool.cluster.js';

/** Terminus indicator of one node. */
@Injectable()
export class DbNodeHealthIndicator extends NodeHealth {
  constructor(
    cluster: RoutingPoolCluster,
    private readonly indicators: HealthIndicatorService,
  ) {
    super(cluster);
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
}
