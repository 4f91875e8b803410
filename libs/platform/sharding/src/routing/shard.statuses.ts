import { Injectable } from '@nestjs/common';
import { type ShardHealth, ShardRegistry } from './shard.registry.js';

/** How the shards are, for operators and probes. */
@Injectable()
export class ShardStatuses {
  constructor(private readonly registry: ShardRegistry) {}

  /** Asks every shard, all at once; within a second, and at once of those that are known to be down. Never rejects. */
  current(): Promise<ShardHealth[]> {
    return this.registry.shardHealth();
  }

  /** For `/health/ready`. @throws Error naming the shards that are down, and why */
  async probe(): Promise<Record<string, unknown>> {
    const all = await this.current();
    const down = all.filter(({ up }) => !up);
    if (down.length > 0) throw new Error(down.map(({ reason }) => reason).join('; '));
    return Object.fromEntries(all.map(({ shard, latencyMs }) => [shard, { latencyMs }]));
  }
}
