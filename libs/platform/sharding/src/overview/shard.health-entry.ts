import { DependencyProbes } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit, Optional } from '@nestjs/common';
import { ShardRegistry } from '../routing/shard.registry.js';
import { ShardStatuses } from './shard.statuses.js';

/**
 * Shows shards that are down on `/health/ready`, and keeps the process ready: it serves all the others. What waits for
 * one shard asks that one. A shard without fences is named when the process starts, before the first write fails there.
 */
@Injectable()
export class ShardHealthEntry implements OnModuleInit, OnApplicationBootstrap {
  private readonly logger = new Logger(ShardHealthEntry.name);

  constructor(
    private readonly statuses: ShardStatuses,
    private readonly registry: ShardRegistry,
    @Optional() private readonly health?: HealthRegistry,
    @Optional() private readonly probes?: DependencyProbes,
  ) {}

  onModuleInit(): void {
    this.health?.add('shards', () => this.statuses.probe(), { required: false });
    for (const shard of this.registry.configured)
      this.probes?.add(shard, () => this.registry.ask(shard), { partial: true });
  }

  /** The start does not wait for it: a shard may hang. */
  onApplicationBootstrap(): void {
    void this.statuses.withoutFences().then((faults) => {
      for (const { dependency, message } of faults)
        this.logger.error(
          `ShardRouter can’t write to ${dependency}, where it locks a fence for each write: ${message}`,
        );
    });
  }
}
