import { Injectable } from '@nestjs/common';
import { FenceCheck } from '../fence/fence.check.js';
import type { FencesMissingError } from '../fence/fences-missing.error.js';
import { type ShardHealth, ShardRegistry } from '../routing/shard.registry.js';

/** How the shards are, for operators and probes. */
@Injectable()
export class ShardStatuses {
  private readonly fences: FenceCheck;

  constructor(private readonly registry: ShardRegistry) {
    this.fences = new FenceCheck(registry);
  }

  /**
   * Asks every shard, all at once; within a second, and at once of those that are known to be down. A shard that answers and
   * has no fences is down: no write can be made there. Never rejects.
   */
  async current(): Promise<ShardHealth[]> {
    const faults = this.withoutFences();
    const all = await this.registry.shardHealth();
    const reasons = new Map((await faults).map(({ dependency, message }) => [dependency, message]));
    return all.map((health) => {
      const reason = reasons.get(health.shard);
      return reason === undefined ? health : { ...health, up: false, reason };
    });
  }

  /** Of the shards that answer, what is wrong with those that have no fences. */
  async withoutFences(): Promise<FencesMissingError[]> {
    const found = await Promise.all(this.registry.names.map((shard) => this.fences.faultOf(shard)));
    return found.filter((fault) => fault !== undefined);
  }

  /** For `/health/ready`. @throws Error naming the shards that are down, and why */
  async probe(): Promise<Record<string, unknown>> {
    const all = await this.current();
    const down = all.filter(({ up }) => !up);
    if (down.length > 0) throw new Error(down.map(({ reason }) => reason).join('; '));
    return Object.fromEntries(all.map(({ shard, latencyMs }) => [shard, { latencyMs }]));
  }
}
