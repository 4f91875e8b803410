import { Injectable } from '@nestjs/common';
import { GroupCommit, repeatedTransaction, type RunTransaction, usePrimary } from '@fourfold/db-routing';
import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { passFences } from '../fence/pass-fences.js';
import { SlotRefusedError } from '../fence/slot-refused.error.js';
import { assertOwned, assertOwnedRanges } from '../fence/still-owned.js';
import { HotKeys } from '../hot-keys/hot-keys.js';
import type { Location } from '../ring/hash-ring.js';
import { slotOf, type SlotRange } from '../ring/slot.js';
import { ShardMetrics } from '../routing/shard.metrics.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { GroupedInsert, type GroupedInsertOptions } from './grouped.insert.js';
import type { ShardKeyOf } from './key-scope.js';
import { OwnerRetry } from './owner.retry.js';
import type { Owners } from './owners.js';
import { ShardedRepository } from './sharded.repository.js';

export interface ScatterResult<T> {
  /** What answered, in the order of the topology's shards. */
  results: { shard: string; value: T }[];
  /** Shards that could not be reached or were late: what they hold is missing from the results. */
  unavailableShards: string[];
}

/** Of how many shards a call asks. */
type Scope = 'single' | 'multi' | 'scatter';

export interface DeadlineOptions {
  /** For the whole call, its retries too. Default: the shards' `operationTimeoutMs`. */
  deadlineMs?: number | undefined;
}

export interface ScatterOptions {
  /** A shard that is not done by then counts as away. */
  deadlineMs: number;
  /** `false`: rather nothing than a part. Default `true`. */
  partial?: boolean | undefined;
}

/**
 * The one way to sharded rows; `repository` is how to them without forgetting the key, the rest is for SQL that is
 * written out. All writes go through `write` and `groupedInsert`, whose transactions hold the fences of their slots: everywhere
 * else a write is refused (WriteOnReadConnectionError). Every method throws InvalidShardKeyError for a bad key and
 * ShardUnavailableError for a shard that is away; errors of the callback pass through.
 */
@Injectable()
export class ShardRouter {
  private readonly metrics = new ShardMetrics();
  private readonly owner: OwnerRetry;

  /** @param lookUp asks the database for the topology now; never rejects */
  constructor(
    private readonly topology: CurrentTopology,
    private readonly registry: ShardRegistry,
    private readonly hotKeys: HotKeys = new HotKeys(),
    lookUp: () => Promise<void> = async () => {},
  ) {
    this.owner = new OwnerRetry(topology, registry, lookUp);
  }

  /** @param key the property of `target` that its rows are sharded by */
  repository<E extends ObjectLiteral, K extends ShardKeyOf<E>>(
    target: EntityTarget<E>,
    key: K,
  ): ShardedRepository<E, K> {
    return new ShardedRepository({ router: this, entities: this.registry.entities, target, property: key });
  }

  /**
   * Reads what belongs to `key`, on one connection and outside a transaction: on a replica of its shard, if that has
   * any, by the rules of db-routing.
   */
  async read<T>(
    key: string,
    fn: (manager: EntityManager, shard: string) => Promise<T>,
    { deadlineMs = this.registry.operationTimeoutMs }: DeadlineOptions = {},
  ): Promise<T> {
    this.count(key);
    return this.owner.run(key, deadlineMs, ({ shard }, leftMs) =>
      this.askFor([key], shard, 'single', (manager) => fn(manager, shard), leftMs),
    );
  }

  /**
   * One READ COMMITTED transaction on the shard of `key`. `fn` runs again, up to three times, after a deadlock: it
   * must have no effect outside the transaction. While the slot of the key changes its owner, the write is tried again
   * until its deadline.
   */
  async write<T>(
    key: string,
    fn: (manager: EntityManager, at: Location) => Promise<T>,
    { deadlineMs = this.registry.operationTimeoutMs }: DeadlineOptions = {},
  ): Promise<T> {
    this.count(key);
    return this.owner.run(key, deadlineMs, (at, leftMs) => {
      const options = { deadlineMs: leftMs, purpose: 'single' };
      const fenced = async (manager: EntityManager) => {
        await passFences(manager, at.shard, [key]);
        return fn(manager, at);
      };
      return this.metrics.measure(at.shard, () => this.registry.transaction(at.shard, fenced, options));
    });
  }

  /**
   * Inserts rows, of which those that come at the same time and belong to one shard are one group there (`GroupCommit` of
   * db-routing): one statement while none of their slots moves. A row whose primary key is there stays as it is.
   * @returns what inserts the row of one unit
   */
  groupedInsert<U>(keyOf: (unit: U) => string, options: GroupedInsertOptions<U>): (unit: U) => Promise<void> {
    const insert = new GroupedInsert(options);
    // Units whose slots move take no other one with them: each finds its way by itself.
    const faultOf = (error: unknown, unit: U) =>
      error instanceof SlotRefusedError ? error.of(slotOf(keyOf(unit))) : undefined;
    const made = new Map<string, GroupCommit<U, void>>();
    const commitsOf = (shard: string): GroupCommit<U, void> => {
      const statement: RunTransaction = (work) => {
        const attempt = () => this.registry.run(shard, ({ manager }) => work(manager));
        return this.metrics.measure(shard, () => repeatedTransaction(attempt));
      };
      const write = async (manager: EntityManager, units: readonly U[]) => {
        await insert.run(manager, shard, units, units.map(keyOf));
        return units.map(() => undefined);
      };
      const tooMany = () =>
        new ShardUnavailableError(shard, 'too many writes wait for it', undefined, 'busy');
      const commits = made.get(shard) ?? new GroupCommit(statement, { write, tooMany, faultOf });
      made.set(shard, commits);
      return commits;
    };
    return async (unit) => {
      const key = keyOf(unit);
      this.count(key);
      const { operationTimeoutMs } = this.registry;
      return this.owner.run(key, operationTimeoutMs, ({ shard }) => commitsOf(shard).run(unit));
    };
  }

  /**
   * Reads for many keys with one call of `fn` a shard, given that shard's distinct keys. The rows come back together,
   * in no order that means anything. All or nothing: one shard away fails the whole.
   */
  async readMany<T>(
    keys: readonly string[],
    fn: (manager: EntityManager, keys: string[], shard: string) => Promise<readonly T[]>,
    { deadlineMs = this.registry.operationTimeoutMs }: DeadlineOptions = {},
  ): Promise<T[]> {
    const distinct = new Set(keys);
    const byShard = (owners: Pick<Owners, 'ownerOf'>) =>
      Map.groupBy(distinct, (key) => owners.ownerOf(slotOf(key)));
    const asked = byShard(this.topology.ring);
    if (asked.size === 0) return [];
    const scope = asked.size === 1 ? 'single' : 'multi';
    this.metrics.queries.inc({ scope });
    for (const [shard, own] of asked) for (const key of own) this.hotKeys.count(shard, key);
    const parts = await this.owner.again(deadlineMs, (leftMs, owners) =>
      Promise.all(
        Array.from(byShard(owners), ([shard, own]) =>
          this.askFor(own, shard, scope, (manager) => fn(manager, own, shard), leftMs),
        ),
      ),
    );
    return parts.flat();
  }

  /**
   * Asks all shards at once, each on one connection. A shard that is away or not done after `deadlineMs` is named
   * instead of failing the others, unless `partial` is false; any other error of `fn` rejects.
   * @param fn given, while slots are being moved, those that the shard owns: rows of others are to be left out
   *   (`ownedSlots`)
   */
  async scatter<T>(
    fn: (manager: EntityManager, shard: string, owned?: readonly SlotRange[]) => Promise<T>,
    { deadlineMs, partial = true }: ScatterOptions,
  ): Promise<ScatterResult<T>> {
    this.metrics.queries.inc({ scope: 'scatter' });
    return this.owner.again(deadlineMs, (leftMs, owners) => this.scatterOnce(fn, partial, leftMs, owners));
  }

  /** By one ring, with what fences corrected of it: a slot is asked for on one shard, whatever moves meanwhile. */
  private async scatterOnce<T>(
    fn: (manager: EntityManager, shard: string, owned?: readonly SlotRange[]) => Promise<T>,
    partial: boolean,
    deadlineMs: number,
    owners: Owners,
  ): Promise<ScatterResult<T>> {
    const { ring, isSettled } = this.topology;
    const { corrected } = owners;
    const answers = await Promise.all(
      (corrected ? [...corrected.keys()] : ring.shards).map(async (shard) => {
        const owned = corrected?.get(shard) ?? (isSettled ? undefined : ring.rangesOf(shard));
        const work = async (manager: EntityManager) => {
          const value = await fn(manager, shard, owned);
          if (owned) await assertOwnedRanges(manager, shard, owned);
          return value;
        };
        try {
          const read = () => this.ask(shard, 'scatter', work, deadlineMs);
          return { shard, value: await (owned ? usePrimary(read) : read()) };
        } catch (error) {
          if (partial && error instanceof ShardUnavailableError) return shard;
          throw error;
        }
      }),
    );
    // It slept meanwhile, or has just heard that slots move.
    if (isSettled && !this.topology.isSettled) return this.scatterOnce(fn, partial, deadlineMs, owners);
    return {
      results: answers.filter((answer) => typeof answer !== 'string'),
      unavailableShards: answers.filter((answer) => typeof answer === 'string'),
    };
  }

  private count(key: string): void {
    this.metrics.queries.inc({ scope: 'single' });
    this.hotKeys.count(this.topology.ring.locate(key).shard, key);
  }

  /**
   * Reads rows of keys. Where the topology leaves it in doubt who owns a slot, before the rows came or after, the fence says
   * so, and both are of the primary: a replica may be behind a hand-off. The doubt before counts although it may be over
   * with the rows, for they may be older than its end; the one after, for the process may have slept.
   */
  private async askFor<T>(
    keys: readonly string[],
    shard: string,
    scope: Scope,
    work: (manager: EntityManager) => Promise<T>,
    deadlineMs: number,
  ): Promise<T> {
    const before = this.doubtful(keys);
    const endsMs = performance.now() + deadlineMs;
    if (before.length === 0) {
      const value = await this.ask(shard, scope, work, deadlineMs);
      if (this.doubtful(keys).length === 0) return value;
      return this.askFor(keys, shard, scope, work, Math.ceil(endsMs - performance.now()));
    }
    const checked = async (manager: EntityManager) => {
      const value = await work(manager);
      await assertOwned(manager, shard, [...before, ...this.doubtful(keys)]);
      return value;
    };
    return usePrimary(() => this.ask(shard, scope, checked, deadlineMs));
  }

  private doubtful(keys: readonly string[]): string[] {
    const { topology } = this;
    return topology.isSettled ? [] : keys.filter((key) => topology.isDoubtful(slotOf(key)));
  }

  private ask<T>(
    shard: string,
    purpose: Scope,
    work: (manager: EntityManager) => Promise<T>,
    deadlineMs: number | undefined,
  ): Promise<T> {
    return this.metrics.measure(shard, () => this.registry.read(shard, work, { deadlineMs, purpose }));
  }
}
