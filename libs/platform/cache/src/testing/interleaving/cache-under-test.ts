import type { ProcessState, Row } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import type { AssembledCache } from '../../assemble-cache.js';
import type { LoadMany } from '../../loading/reading.js';
import type { WriteOutcome } from '../../invalidation/cache.writer.js';
import { NaiveCache } from '../naive-cache.js';
import type { WriteScope } from './steps.js';

/** A cache as one process has it, ours or the naive twin. */
export interface CacheUnderTest {
  readonly state: ProcessState;
  /** Nothing of an outage is left. */
  readonly inUse: boolean;
  read(id: string, load: () => Promise<Row | null>, skipL1: boolean): Promise<Row | null>;
  readMany(ids: readonly string[], load: LoadMany<Row>, skipL1: boolean): Promise<Map<string, Row | null>>;
  set(row: Row): Promise<WriteOutcome>;
  /** All of `ids` at least. */
  invalidate(scope: WriteScope, ids: readonly string[]): Promise<WriteOutcome>;
}

const NAMESPACE = 'user';

export function oursUnderTest({ cache, l2, bus }: AssembledCache): CacheUnderTest {
  return {
    get state() {
      return { trusted: l2.trusted, live: bus.live };
    },
    get inUse() {
      return l2.trusted && bus.live && l2.pendingInvalidations === 0;
    },
    read: (id, load, skipL1) => cache.getOrLoad(NAMESPACE, id, load, { skipL1 }),
    readMany: (ids, load, skipL1) => cache.getMany(NAMESPACE, ids, load, { skipL1 }),
    set: ({ id, version }) => cache.set(NAMESPACE, id, { id, version }),
    invalidate(scope, ids) {
      if (scope === 'namespace') return cache.invalidateNamespace(NAMESPACE);
      return cache.invalidate(NAMESPACE, ...ids);
    },
  };
}

/**
 * The twin. It knows nothing of connections, so it is judged like a process that does without messages.
 * @param hasL1 without it, a process keeps nothing: what is left is get, load, set and delete in Redis.
 */
export function naiveUnderTest(redis: Redis, prefix: string, hasL1: boolean): CacheUnderTest {
  const kept = new NaiveCache(redis);
  const cache = (skipL1: boolean): NaiveCache => (hasL1 && !skipL1 ? kept : new NaiveCache(redis));
  const read: CacheUnderTest['read'] = async (id, load, skipL1) => {
    const text = await cache(skipL1).getOrLoad(prefix + id, async () => JSON.stringify(await load()));
    return JSON.parse(text) as Row | null;
  };
  return {
    state: { trusted: true, live: false },
    inUse: true,
    read,
    async readMany(ids, load, skipL1) {
      const rows = ids.map((id) => read(id, async () => (await load([id])).get(id) ?? null, skipL1));
      return new Map((await Promise.all(rows)).map((row, i) => [ids[i]!, row]));
    },
    async set(row) {
      await cache(false).set(prefix + row.id, JSON.stringify(row));
      return { deferred: false };
    },
    async invalidate(_scope, ids) {
      for (const id of ids) await cache(false).invalidate(prefix + id);
      return { deferred: false };
    },
  };
}
