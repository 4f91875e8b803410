import { setImmediate as turn } from 'node:timers/promises';
import { type Clock, withinBudget } from '@fourfold/kernel';
import { currentBudget, runWithin } from '@fourfold/observability/request-context';
import { tracingOn } from '@fourfold/observability/tracing';
import { type CacheKey, keyOf } from '../cache-key.js';
import { noteL1 } from '../cache.spans.js';
import type { L1Store } from '../l1/l1.store.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { Namespace } from '../namespace.js';
import type { CachedValue } from '../serializing/serializer.js';
import { budgetToShare, type Flights } from './flights.js';
import type { LeasedLoader } from './leased-loader.js';
import { MOST_AT_ONCE, type Reading } from './reading.js';

export interface FinderParts {
  readonly l1: L1Store;
  readonly l2: RedisL2Store;
  readonly flights: Flights;
  readonly loader: LeasedLoader;
  readonly clock: Clock;
}

/** Finds values: in L1, in a read that is under way, or else by a read of its own. */
export class Finder {
  constructor(private readonly parts: FinderParts) {}

  /** What the cache holds, without a load. */
  async peek(namespace: Namespace, id: string): Promise<CachedValue | undefined> {
    const { l1, loader, clock } = this.parts;
    return l1.get(namespace.shelf, id, clock.now())?.cached ?? loader.peek(namespace, id);
  }

  /** A value in the last part of its TTL was met: it is loaded anew behind the caller. */
  nearEnd(reading: Reading, id: string): void {
    this.parts.loader.nearEnd(reading, id);
  }

  /** What is not in L1, for one id. @throws CacheCallError for what is no id. */
  findOne(reading: Reading, id: string, skipL1: boolean): Promise<CachedValue> {
    const { flights, loader } = this.parts;
    const { namespace, looks } = reading;
    if (!skipL1) {
      looks.l1Misses += 1;
      if (tracingOn) noteL1(namespace.name, 1, 0);
    }
    const key = keyOf(namespace.name, id);
    const flight = this.mayJoin(skipL1) ? flights.read(key) : undefined;
    if (flight !== undefined) {
      looks.joins += 1;
      return withinBudget(loader.joined(reading, id, flight), currentBudget());
    }
    const budget = budgetToShare();
    const read = budget ? runWithin(budget, () => loader.read(reading, [id])) : loader.read(reading, [id]);
    const found = read.then((values) => values.get(id)!);
    return withinBudget(flights.beginRead(key, found, budget), currentBudget());
  }

  /** For any number, L1 included. @throws CacheCallError for what is no id. */
  async find(reading: Reading, ids: readonly string[], skipL1: boolean): Promise<CachedValue[]> {
    const { l1, flights, loader, clock } = this.parts;
    const { namespace, looks } = reading;
    const mayJoin = this.mayJoin(skipL1);
    const nowMs = clock.now();
    const found: (CachedValue | Promise<CachedValue>)[] = [];
    const missing: { id: string; key: CacheKey; slot: number }[] = [];
    let hits = 0;
    for (const [slot, id] of ids.entries()) {
      const entry = skipL1 ? undefined : l1.get(namespace.shelf, id, nowMs);
      if (entry !== undefined) {
        hits += 1;
        if (nowMs >= entry.refreshAtMs) loader.nearEnd(reading, id);
        found[slot] = entry.cached;
        continue;
      }
      const key = keyOf(namespace.name, id);
      const flight = mayJoin ? flights.read(key) : undefined;
      if (flight === undefined) missing.push({ id, key, slot });
      else {
        looks.joins += 1;
        found[slot] = loader.joined(reading, id, flight);
      }
    }
    if (!skipL1) {
      looks.l1Hits += hits;
      looks.l1Misses += ids.length - hits;
      if (tracingOn) noteL1(namespace.name, ids.length, hits);
    }
    if (hits === ids.length) return found as CachedValue[];
    if (missing.length > 0) {
      const ids = missing.map(({ id }) => id);
      const budget = budgetToShare();
      const batch = budget ? runWithin(budget, () => this.read(reading, ids)) : this.read(reading, ids);
      for (const { id, key, slot } of missing) {
        const work = batch.then((values) => values.get(id)!);
        found[slot] = flights.beginRead(key, work, budget);
      }
    }
    const all = Promise.all(found.map((value) => Promise.resolve(value)));
    return hits === ids.length ? all : withinBudget(all, currentBudget());
  }

  /** Any number of ids, one part after another, with a turn for others in between. */
  private async read(reading: Reading, ids: readonly string[]): Promise<Map<string, CachedValue>> {
    const { loader } = this.parts;
    if (ids.length <= MOST_AT_ONCE) return loader.read(reading, ids);
    const values = new Map<string, CachedValue>();
    for (let from = 0; from < ids.length; from += MOST_AT_ONCE) {
      // Without Redis nothing but the loader waits for the network, and it need not.
      if (from > 0) await turn();
      const part = await loader.read(reading, ids.slice(from, from + MOST_AT_ONCE));
      for (const [id, value] of part) values.set(id, value);
    }
    return values;
  }

  /**
   * A flight may be joined only while every invalidate that would forbid it is heard. Where it is not, leases still keep
   * loads apart. Without Redis there is nothing else to keep the database from a stampede: then a caller may get what
   * was loaded a moment before it came, unless it asked for better.
   */
  private mayJoin(skipL1: boolean): boolean {
    const { l1, l2 } = this.parts;
    return !skipL1 && (l1.state === 'serving' || !l2.trusted);
  }
}
