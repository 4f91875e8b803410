import { appError, PageCursors } from '@fourfold/kernel';
import {
  DataSource,
  type EntityMetadata,
  type EntitySchema,
  type EntityTarget,
  type ObjectLiteral,
} from 'typeorm';

import { typeOf } from './column-fault.js';
import type { MovedTable } from './moved-table.js';
import { SLOT, slotKeyOf } from './slot-of.js';

/** TypeORM entities of the sharded tables. */
export type ShardedEntityList = readonly ((new (...args: never[]) => object) | string | EntitySchema)[];

/** A query that shards can't answer: a defect of the program. */
export class InvalidShardQueryError extends appError(
  'invalid-shard-query',
  500,
  'Query that shards can’t answer',
) {}

const integerTypes = new Set(['bigint', 'int', 'mediumint', 'smallint', 'tinyint']);

/** Builds the metadata of the entities, and never connects. */
class Unconnected extends DataSource {
  async build(): Promise<this> {
    await this.buildMetadatas();
    return this;
  }
}

/** The metadata of the shards' entities, without a connection. */
export class ShardedEntities {
  private built: Promise<Unconnected> | undefined;
  private readonly keys = new Map<EntityTarget<ObjectLiteral>, string>();

  /** @param cursors of their pages */
  constructor(
    private readonly entities: ShardedEntityList,
    readonly cursors = new PageCursors(),
  ) {}

  /** @throws InvalidShardQueryError when the entity is not among those that the shards were set up with. */
  async metadataOf(target: EntityTarget<ObjectLiteral>): Promise<EntityMetadata> {
    const unconnected = await this.unconnected();
    if (unconnected.hasMetadata(target)) return unconnected.getMetadata(target);
    throw new InvalidShardQueryError(`${nameOf(target)} is not among the entities of the shards`);
  }

  /**
   * Remembers the column that an entity is sharded by, from its `SlotOf` or its first use on: with another column its rows
   * would be read from and written to other shards.
   * @throws InvalidShardQueryError when it was another column before.
   */
  shardBy(target: EntityTarget<ObjectLiteral>, property: string): void {
    const known = slotKeyOf(target) ?? this.keys.get(target) ?? property;
    if (known !== property)
      throw new InvalidShardQueryError(`${nameOf(target)} is sharded by ${known}, not by ${property}`);
    this.keys.set(target, property);
  }

  async tables(): Promise<string[]> {
    return (await this.unconnected()).entityMetadatas.map(({ tableName }) => tableName);
  }

  /** Whether the slot of its rows is in the table, so that a query can tell owned rows from others. */
  hasSlot(target: EntityTarget<ObjectLiteral>): boolean {
    return slotKeyOf(target) !== undefined;
  }

  /** The tables that online migration moves: one of each entity with a slot. */
  async catalogue(): Promise<MovedTable[]> {
    const { entityMetadatas } = await this.unconnected();
    return entityMetadatas.flatMap((metadata) => {
      const key = metadata.findColumnWithPropertyName(slotKeyOf(metadata.target) ?? '');
      if (!key) return [];
      const own = metadata.columns.filter(({ propertyName }) => propertyName !== SLOT);
      return {
        table: metadata.tableName,
        keyColumn: key.databaseName,
        integerKey: integerTypes.has(typeOf(key)),
        primaryKey: metadata.primaryColumns.map(({ databaseName }) => databaseName),
        slotColumn: SLOT,
        columns: own.map(({ databaseName }) => databaseName),
      };
    });
  }

  /** For the SQL of queries: it can't run them. */
  unconnected(): Promise<DataSource> {
    this.built ??= new Unconnected({
      type: 'mysql',
      // TypeORM wants one to be named.
      database: 'shard',
      entities: [...this.entities],
    }).build();
    return this.built;
  }
}

function nameOf(target: EntityTarget<ObjectLiteral>): string {
  if (typeof target === 'string') return target;
  return typeof target === 'function' ? target.name : 'An entity';
}
