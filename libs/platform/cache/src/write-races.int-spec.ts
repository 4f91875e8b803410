import { eventually, gate } from '@fourfold-tools/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AssembledCache } from './assemble-cache.js';
import { useCaches } from './testing/cache-fixture.js';
import { GatedLoader } from './testing/gated-loader.js';
import { NaiveCache } from './testing/naive-cache.js';

const fixture = useCaches();
let database: string | null;
beforeEach(() => void (database = 'old'));
const load = async (): Promise<string | null> => database;

/** What Redis answers from now on waits here for `held` to be opened. */
function holdAnswers({ l2 }: AssembledCache) {
  const [reached, held] = [gate(), gate()];
  const read = l2.readOrLease.bind(l2);
  l2.readOrLease = async (...args) => {
    const answer = await read(...args);
    reached.open();
    await held.passed;
    return answer;
  };
  return { reached, held };
}

describe('an invalidate between the read of L2 and the write of L1', () => {
  it('naive twin: L1 gets what Redis held a moment ago', async () => {
    const { redis, prefix } = fixture;
    const l1 = new Map<string, string | null>();
    await redis.set(prefix, 'old');
    const read = await redis.get(prefix);
    database = 'new';
    await new NaiveCache(redis).invalidate(prefix);
    l1.delete(prefix); // the message comes before the write
    l1.set(prefix, read);
    expect(l1.get(prefix)).toBe('old');
  });

  it.each(['a look', 'a script'])('by %s: voids the permit that was taken before', async (way) => {
    const namespaces = { user: { ttlMs: 3_600_000, refreshAhead: 0 } };
    const a = await fixture.caches.open(fixture.prefix, { namespaces });
    const b = await fixture.caches.open(fixture.prefix, { namespaces });
    await b.cache.getOrLoad('user', '1', load);
    // Near its end only a script knows how long a value has left.
    if (way === 'a script') await fixture.endIn('user', '1', 8_000);
    const { reached, held } = holdAnswers(a);
    const reader = a.cache.getOrLoad('user', '1', load);
    await reached.passed;
    database = 'new';
    await b.cache.invalidate('user', '1');
    await eventually(() => a.bus.received === 1);
    held.open();
    expect(await reader).toBe('old');
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
  });
});

describe('an invalidate of a namespace while an answer of Redis is on its way', () => {
  it('naive twin: the generation it shows is taken for the namespace’s, and all old values for good', async () => {
    const { redis, prefix } = fixture;
    await redis.set(`${prefix}-generation`, 'first');
    await redis.set(prefix, 'first:old');
    const shown = await redis.get(`${prefix}-generation`);
    await redis.del(`${prefix}-generation`); // its message has come before the answer is looked at
    expect(await redis.get(prefix)).toBe(`${shown}:old`);
  });

  it('keeps the answer out of L1, and what is read next is asked of Redis with its generation', async () => {
    const a = await fixture.caches.open(fixture.prefix);
    const b = await fixture.caches.open(fixture.prefix);
    for (const id of ['1', '2']) await b.cache.getOrLoad('user', id, load);
    const { reached, held } = holdAnswers(a);
    const reader = a.cache.getOrLoad('user', '2', load);
    await reached.passed;
    database = 'new';
    await b.cache.invalidateNamespace('user');
    await eventually(() => a.bus.received === 1);
    held.open();
    expect(await reader).toBe('old');
    for (const id of ['1', '2']) expect(await a.cache.getOrLoad('user', id, load)).toBe('new');
  });
});

describe('a create against the marker that there is nothing', () => {
  beforeEach(() => void (database = null));

  it('naive twin: the marker that was on its way hides what was created', async () => {
    const { redis, prefix } = fixture;
    const gated = new GatedLoader(() => database);
    const reader = gated.load().then((value) => redis.set(prefix, value ?? 'NIL'));
    database = 'created';
    await redis.del(prefix);
    gated.release();
    await reader;
    expect(await redis.get(prefix)).toBe('NIL');
  });

  it('voids the marker, also one on its way, in every process', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    expect(await a.getOrLoad('user', '1', load)).toBeNull();
    expect(await b.getOrLoad('user', '1', load)).toBeNull();
    const gated = new GatedLoader(() => database);
    const reader = b.getOrLoad('user', '2', gated.load);
    await gated.started;
    database = 'created';
    await a.invalidate('user', '1', '2');
    gated.release();
    expect(await reader).toBeNull();
    expect(await a.getOrLoad('user', '1', load)).toBe('created');
    expect(await b.getOrLoad('user', '2', load)).toBe('created');
    await eventually(async () => (await b.getOrLoad('user', '1', load)) === 'created');
  });
});

describe('an invalidate inside a transaction that is not committed yet', () => {
  /** Others see `old` until it ends. */
  const [written, committed] = [gate(), gate()];
  const transaction = async (inside: () => Promise<unknown>) => {
    await inside();
    written.open();
    await committed.passed;
    database = 'new';
  };

  it('naive twin: a reader puts the old row back before the commit', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load);
    const write = (async () => {
      await cache.invalidate('user', '1');
      expect(await cache.getOrLoad('user', '1', load)).toBe('old');
      database = 'new';
    })();
    await write;
    expect(await cache.getOrLoad('user', '1', load)).toBe('old');
  });

  it('waits in invalidateAfter until the transaction has ended', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load);
    const write = cache.invalidateAfter(() =>
      transaction(async () => expect(await cache.invalidate('user', '1')).toEqual({ deferred: true })),
    );
    await written.passed;
    expect(await cache.getOrLoad('user', '1', load)).toBe('old');
    committed.open();
    expect(await write).toEqual({ result: undefined, deferred: false });
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('is done also when it failed: a commit whose answer was lost may have happened', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load);
    const write = cache.invalidateAfter(async () => {
      await cache.set('user', '1', 'never written through');
      await cache.invalidateNamespace('stock');
      database = 'new';
      throw new Error('connection lost');
    });
    await expect(write).rejects.toThrow('connection lost');
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('of a call that outlives an inner write waits for the outer one', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const outer = cache.invalidateAfter(async () => {
      const late = gate();
      let outlived: Promise<unknown> = Promise.resolve();
      await cache.invalidateAfter(async () => {
        outlived = late.passed.then(() => cache.invalidate('user', '1'));
      });
      late.open();
      expect(await outlived).toEqual({ deferred: true });
    });
    expect(await outer).toEqual({ result: undefined, deferred: false });
  });

  it('of a call that outlives the write is done at once', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const late = gate();
    let outlived: Promise<unknown> = Promise.resolve();
    await cache.invalidateAfter(async () => {
      outlived = late.passed.then(() => cache.invalidate('user', '1'));
    });
    late.open();
    expect(await outlived).toEqual({ deferred: false });
  });
});
