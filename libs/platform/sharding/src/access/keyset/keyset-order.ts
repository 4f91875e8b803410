import {
  And,
  type EntityMetadata,
  Equal,
  FindOperator,
  type FindOptionsOrder,
  type FindOptionsWhere,
  LessThan,
  MoreThan,
} from 'typeorm';
import { z } from 'zod';
import { type SortKind, sortKindOf } from './sort-kind.js';
import { InvalidShardQueryError } from '../../sharded-entities.js';

export type Direction = 'ASC' | 'DESC';

/** Columns in the order in which they count. */
export type PageOrder<E> = { [P in keyof E]?: Direction };

interface OrderColumn {
  property: string;
  direction: Direction;
  kind: SortKind;
}

type Conditions = Record<string, unknown>;

/** A total order of the rows of a table: the columns asked for, then those that make it unique. */
export class KeysetOrder<E> {
  private readonly columns: OrderColumn[];

  /**
   * @param tiebreak columns that together are unique over all shards; their direction is that of the last column asked for
   * @throws InvalidShardQueryError
   */
  constructor(metadata: EntityMetadata, order: PageOrder<E>, tiebreak: readonly string[]) {
    const asked = Object.entries(order) as [string, Direction][];
    const last = asked.at(-1)?.[1] ?? 'ASC';
    const directions = new Map([...tiebreak.map((property) => [property, last] as const), ...asked]);
    if (directions.size === 0) throw new InvalidShardQueryError(`A page of ${metadata.name} needs an order`);
    const properties = new Set([...asked.map(([property]) => property), ...tiebreak]);
    this.columns = Array.from(properties, (property) => {
      const direction = directions.get(property)!;
      if (direction !== 'ASC' && direction !== 'DESC') {
        throw new InvalidShardQueryError(`A page is ordered by ASC or DESC, not ${String(direction)}`);
      }
      return { property, direction, kind: sortKindOf(metadata, property) };
    });
  }

  get findOrder(): FindOptionsOrder<E> {
    return Object.fromEntries(
      this.columns.map(({ property, direction }) => [property, direction]),
    ) as FindOptionsOrder<E>;
  }

  readonly compare = (a: E, b: E): number => {
    for (const { property, direction, kind } of this.columns) {
      const order = kind.compare(a[property as keyof E], b[property as keyof E]);
      if (order !== 0) return direction === 'ASC' ? order : -order;
    }
    return 0;
  };

  /** Where the row is, as text. */
  positionOf(row: E): string {
    return JSON.stringify(this.columns.map(({ property, kind }) => kind.toText(row[property as keyof E])));
  }

  /**
   * Narrows each alternative to the rows behind the position: (a, b) > (x, y) is a > x, or a = x and b > y.
   * @returns undefined when the position can't be one of this order
   */
  after(position: string, alternatives: readonly FindOptionsWhere<E>[]): FindOptionsWhere<E>[] | undefined {
    const texts = textsOf(position);
    const values = this.columns.map(({ kind }, index) => kind.fromText(texts[index] ?? ''));
    if (texts.length !== values.length || values.includes(undefined)) return undefined;
    const behind = this.columns.map(({ property, direction }, index): Conditions => {
      const same = this.columns
        .slice(0, index)
        .map((column, at) => [column.property, Equal(values[at])] as const);
      const beyond = direction === 'ASC' ? MoreThan(values[index]) : LessThan(values[index]);
      return { ...Object.fromEntries(same), [property]: beyond };
    });
    return alternatives.flatMap((alternative) => behind.map((bounds) => both(alternative, bounds)));
  }
}

/** Checked, since without a secret a client can make a cursor of its own. */
function textsOf(position: string): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(position));
  } catch {
    return [];
  }
}

/** The conditions of both, joined by AND on a column that both name. */
function both<E>(given: FindOptionsWhere<E>, bounds: Conditions): FindOptionsWhere<E> {
  const joined: Conditions = { ...given, ...bounds };
  for (const [property, bound] of Object.entries(bounds)) {
    const condition = (given as Conditions)[property];
    if (condition === undefined) continue;
    const operator = condition instanceof FindOperator ? condition : Equal(condition);
    joined[property] = And(operator as FindOperator<unknown>, bound as FindOperator<unknown>);
  }
  return joined as FindOptionsWhere<E>;
}
