import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CurrentTopology } from '../topology/current-topology.js';
import { ShardRegistry } from './shard.registry.js';

/** Looks at whole shards, one at a time, whatever the keys: for upkeep in the background. A request never needs it. */
@Injectable()
export class ShardUpkeep {
  constructor(
    private readonly topology: CurrentTopology,
    private readonly registry: ShardRegistry,
  ) {}

  /** Those that own something now: what upkeep goes over. */
  get shards(): readonly string[] {
    return this.topology.ring.shards;
  }

  /**
   * Reads on one connection; a write is refused (WriteOnReadConnectionError). Not among the queries that the metrics
   * count and time.
   * @throws ShardUnavailableError; errors of `fn` pass through
   */
  read<T>(shard: string, fn: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.registry.read(shard, fn);
  }
}
