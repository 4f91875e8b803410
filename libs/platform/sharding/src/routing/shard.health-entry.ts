import { DependencyProbes } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { ShardRegistry } from './shard.registry.js';
import { ShardStatuses } from './shard.statuses.js';

/**
 * Shows shards that are down on `/health/ready`, and keeps the process ready: it serves all the others. What waits for
 * one shard asks that one.
 */
@Injectable()
export class ShardHealthEntry implements OnModuleInit {
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
}
