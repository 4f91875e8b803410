import type { NodeSource } from '@fourfold/db-routing';
import { InvalidShardQueryError } from '../sharded-entities.js';

/**
 * What TypeORM is shown of the shard's nodes: it connects, and is refused from then on. Every manager shows its DataSource,
 * and a connection taken by that would be past the deadline, the breaker and the guard of reads.
 */
export class SealedSource implements NodeSource {
  sealed = false;

  constructor(
    private readonly shard: string,
    private readonly source: NodeSource,
  ) {}

  add(...node: Parameters<NodeSource['add']>): void {
    this.source.add(...node);
  }

  getConnection(...[pattern, callback]: Parameters<NodeSource['getConnection']>): void {
    if (!this.sealed) this.source.getConnection(pattern, callback);
    else
      callback(
        new InvalidShardQueryError(
          `A connection of ${this.shard} is given by ShardRouter alone: use the manager of its callback`,
        ),
      );
  }

  end(...[callback]: Parameters<NodeSource['end']>): void {
    this.source.end(callback);
  }
}
