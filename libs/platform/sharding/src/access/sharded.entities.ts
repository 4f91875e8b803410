import { PageCursors } from '@fourfold/kernel';
import { DataSource, type EntityMetadata, type EntityTarget, type ObjectLiteral } from 'typeorm';
import type { ShardConnectionOptions } from '../routing/shard-connection.options.js';
import { InvalidShardQueryError } from './access.errors.js';

/** Knows the entities as every shard has them, and never connects. */
class Unconnected extends DataSource {
  async build(): Promise<this> {
    await this.buildMetadatas();
    return this;
  }
}

/** What the entities of the shards are made of: to be known before any shard is asked. */
export class ShardedEntities {
  #built: Promise<Unconnected> | undefined;
  readonly #keys = new Map<EntityTarget<ObjectLiteral>, string>();

  /** @param cursors of their pages */
  constructor(
    private readonly entities: ShardConnectionOptions['entities'],
    readonly cursors = new PageCursors(),
  ) {}

  /** @throws InvalidShardQueryError when the entity is not among those that the shards were set up with. */
  async metadataOf(target: EntityTarget<ObjectLiteral>): Promise<EntityMetadata> {
    const unconnected = await this.unconnected();
    if (unconnected.hasMetadata(target)) return unconnected.getMetadata(target);
    throw new InvalidShardQueryError(`${nameOf(target)} is not among the entities of the shards`);
  }

  /**
   * Remembers what the rows of an entity are sharded by, from the first use on: by another key they would be looked for,
   * and written, on other shards.
   * @throws InvalidShardQueryError when it was something else before.
   */
  shardBy(target: EntityTarget<ObjectLiteral>, property: string): void {
    const known = this.#keys.get(target) ?? property;
    if (known !== property)
      throw new InvalidShardQueryError(`${nameOf(target)} is sharded by ${known}, not by ${property}`);
    this.#keys.set(target, property);
  }

  async tables(): Promise<string[]> {
    return (await this.unconnected()).entityMetadatas.map(({ tableName }) => tableName);
  }

  /** Makes the SQL of queries; can't run them. */
  unconnected(): Promise<DataSource> {
    this.#built ??= new Unconnected({
      type: 'mysql',
      // TypeORM wants one to be named.
      database: 'shard',
      entities: [...this.entities],
    }).build();
    return this.#built;
  }
}

function nameOf(target: EntityTarget<ObjectLiteral>): string {
  if (typeof target === 'string') return target;
  return typeof target === 'function' ? target.name : 'An entity';
}
