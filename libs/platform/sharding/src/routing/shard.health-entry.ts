import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { ShardStatuses } from './shard.statuses.js';

/** Shows shards that are down on `/health/ready`, and keeps the process ready: it serves all the others. */
@Injectable()
export class ShardHealthEntry implements OnModuleInit {
  constructor(
    private readonly statuses: ShardStatuses,
    @Optional() private readonly health?: HealthRegistry,
  ) {}

  onModuleInit(): void {
    this.health?.add('shards', () => this.statuses.probe(), { required: false });
  }
}
