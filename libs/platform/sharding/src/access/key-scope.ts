import type { EntityMetadata, EntityTarget, FindOperator, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { appError } from '@fourfold/kernel';
import { InvalidShardKeyError } from '../ring/slot.js';
import { InvalidShardQueryError, type ShardedEntities } from '../sharded-entities.js';
import { faultOf, typeOf } from '../column-fault.js';
import type { ShardRouter } from './shard.router.js';

/** A row, a condition or a change names another sharding key than the one whose rows it is about. Nothing was sent. */
export class ForeignShardKeyError extends appError('foreign-shard-key', 500, 'Row of another sharding key') {}

/** One sharded table, and the way to its rows. */
export interface ShardedTable<E extends ObjectLiteral, K extends ShardKeyOf<E>> {
  readonly router: ShardRouter;
  readonly entities: ShardedEntities;
  readonly target: EntityTarget<E>;
  /** The column that rows are sharded by. */
  readonly property: K;
}

/** Names of the properties that can be a sharding key: those that are text, 64-bit ids among them. */
export type ShardKeyOf<E> = { [P in keyof E]: E[P] extends string ? P : never }[keyof E] & string;

/** Conditions on what belongs to one key: any but on the key, which is there already. */
export type KeyedWhere<E, K extends keyof E> =
  Omit<FindOptionsWhere<E>, K> | readonly Omit<FindOptionsWhere<E>, K>[];

/** A row, whose key may be left out: it is filled in. */
export type KeyedRow<E, K extends keyof E> = Omit<E, K> & Partial<Pick<E, K>>;

/** How a key must be written, so that it is the only way to write it. */
interface Spelling {
  only: RegExp;
  rule: string;
}

const integer: Spelling = { only: /^(0|[1-9]\d*)$/, rule: 'must be a whole number in its shortest form' };
const text: Spelling = { only: /(?<! )$/, rule: 'must not end in a space' };

const spellings: Partial<Record<string, Spelling>> = {
  bigint: integer,
  int: integer,
  mediumint: integer,
  smallint: integer,
  tinyint: integer,
  varchar: text,
  char: text,
};

/** One key of one table: adds the key to conditions and rows, and refuses another key in them. */
export class KeyScope<E extends ObjectLiteral, K extends ShardKeyOf<E>> {
  constructor(
    readonly target: EntityTarget<E>,
    readonly property: K,
    readonly key: string,
  ) {}

  where(given?: KeyedWhere<E, K>): FindOptionsWhere<E>[] {
    return whereOf(this.property, this.key, given);
  }

  row(given: KeyedRow<E, K>): E {
    return withKey(this.property, this.key, given) as unknown as E;
  }

  /** What may be changed: a row stays with its key, for with another it would be on the wrong shard. */
  change(given: Partial<Omit<E, K>>): Partial<E> {
    if (!(this.property in given)) return given as Partial<E>;
    throw new ForeignShardKeyError(`The sharding key ${this.property} of a row can’t be changed`);
  }
}

/**
 * Adds the key, or an operator over keys, to each alternative. Without alternatives the condition is the key alone, and
 * never none.
 */
export function whereOf<E, K extends keyof E & string>(
  property: K,
  key: string | FindOperator<string>,
  given?: KeyedWhere<E, K>,
): FindOptionsWhere<E>[] {
  return alternativesOf(given as FindOptionsWhere<E>).map((one) => withKey(property, key, one));
}

/** As TypeORM understands `where`: a list means any of them, an empty one no condition. */
export function alternativesOf<E>(
  where: FindOptionsWhere<E> | FindOptionsWhere<E>[] = {},
): FindOptionsWhere<E>[] {
  if (!Array.isArray(where)) return [where];
  return where.length === 0 ? [{}] : where;
}

function withKey<T extends object>(property: string, key: unknown, given: T): T {
  const named = (given as Record<string, unknown>)[property];
  if (named !== undefined && named !== key) {
    throw new ForeignShardKeyError(`Only rows whose ${property} is the key asked for can be here`);
  }
  return { ...given, [property]: key };
}

/**
 * Refuses a key that the database takes for another spelling of a key that the ring puts on another shard: in an integer
 * column `07` and `7e0` equal 7, in a text column `Ada` equals `ada` where case is ignored, and `ada ` always does.
 * @throws InvalidShardQueryError when there is no such column, or its type has no single spelling; InvalidShardKeyError
 */
export function assertKey(metadata: EntityMetadata, property: string, key: string): void {
  const column = metadata.findColumnWithPropertyName(property);
  if (!column) throw new InvalidShardQueryError(`${metadata.name} has no column ${property}`);
  const type = typeOf(column);
  const spelling = spellings[type];
  const fault = spelling ? faultOf(column) : `has the type ${type}`;
  if (fault !== undefined)
    throw new InvalidShardQueryError(`${metadata.name} can’t be sharded by ${property}: it ${fault}`);
  if (!spelling!.only.test(key))
    throw new InvalidShardKeyError(`A sharding key ${property} ${spelling!.rule}`);
}
