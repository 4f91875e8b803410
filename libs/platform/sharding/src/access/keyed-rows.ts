import type {
  EntityManager,
  FindManyOptions,
  FindOptionsOrder,
  FindOptionsSelect,
  ObjectLiteral,
} from 'typeorm';
import type { KeyedRow, KeyedWhere, KeyScope, ShardKeyOf } from './key-scope.js';

export interface KeyedQuery<E, K extends keyof E> {
  where?: KeyedWhere<E, K>;
  select?: FindOptionsSelect<E>;
  order?: FindOptionsOrder<E>;
  take?: number;
}

/** How statements reach the shard of the key. */
export interface KeyedLane {
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

/**
 * The rows of one key: no method reads or changes rows of another. Every method throws InvalidShardKeyError,
 * ForeignShardKeyError and ShardUnavailableError; errors of the statement pass through.
 */
export class KeyedRows<E extends ObjectLiteral, K extends ShardKeyOf<E>> {
  constructor(
    protected readonly scope: KeyScope<E, K>,
    protected readonly lane: KeyedLane,
  ) {}

  async find(query: KeyedQuery<E, K> = {}): Promise<E[]> {
    const options = this.options(query);
    return this.lane.read((manager) => manager.find(this.scope.target, options));
  }

  async findOne(query: KeyedQuery<E, K> = {}): Promise<E | null> {
    const [row = null] = await this.find({ ...query, take: 1 });
    return row;
  }

  async exists(given?: KeyedWhere<E, K>): Promise<boolean> {
    const where = this.scope.where(given);
    return this.lane.read((manager) => manager.exists(this.scope.target, { where }));
  }

  async count(given?: KeyedWhere<E, K>): Promise<number> {
    const where = this.scope.where(given);
    return this.lane.read((manager) => manager.count(this.scope.target, { where }));
  }

  async insert(given: KeyedRow<E, K> | readonly KeyedRow<E, K>[]): Promise<void> {
    const rows = [given].flat().map((row) => this.scope.row(row as KeyedRow<E, K>));
    if (rows.length > 0) await this.lane.write((manager) => manager.insert(this.scope.target, rows));
  }

  /** @returns how many rows were found, changed by it or not. */
  async update(given: KeyedWhere<E, K>, change: Partial<Omit<E, K>>): Promise<number> {
    const [where, set] = [this.scope.where(given), this.scope.change(change)];
    const { affected } = await this.lane.write((manager) => manager.update(this.scope.target, where, set));
    return affected ?? 0;
  }

  /** @returns how many rows are gone. */
  async delete(given: KeyedWhere<E, K>): Promise<number> {
    const where = this.scope.where(given);
    const { affected } = await this.lane.write((manager) => manager.delete(this.scope.target, where));
    return affected ?? 0;
  }

  protected options({ where, ...rest }: KeyedQuery<E, K>): FindManyOptions<E> {
    return { ...rest, where: this.scope.where(where) };
  }
}

/** The rows of one key inside a transaction on its shard. */
export class KeyedTransaction<E extends ObjectLiteral, K extends ShardKeyOf<E>> extends KeyedRows<E, K> {
  /** One row, locked until the transaction ends (`FOR UPDATE`). */
  async lockOne(query: KeyedQuery<E, K> = {}): Promise<E | null> {
    const options = { ...this.options(query), lock: { mode: 'pessimistic_write' as const } };
    return this.lane.write((manager) => manager.findOne(this.scope.target, options));
  }
}
