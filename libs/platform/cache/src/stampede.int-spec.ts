import { eventually, gate } from '@fourfold-tools/testing';
import { ManualClock } from '@fourfold/kernel';
import { describe, expect, it, vi } from 'vitest';
import { cacheKey } from './cache-key.js';
import { LoadTimeoutError } from './cache.errors.js';
import { never, useCaches } from './testing/cache-fixture.js';
import { GatedLoader } from './testing/gated-loader.js';

const fixture = useCaches();

describe('a stampede', () => {
  it('of 100 callers in one process makes one load', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const gated = new GatedLoader(() => 'v');
    const callers = Array.from({ length: 100 }, () => cache.getOrLoad('user', '1', gated.load));
    await gated.started;
    gated.release();
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['v']));
    expect(gated.calls).toBe(1);
    expect(cache.stats().namespaces['user']?.joins).toBe(99);
  });

  it('of 100 callers in two processes, half of them past L1, makes one load', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix, { leaseWaitMs: 30_000 });
    const { cache: b } = await fixture.caches.open(fixture.prefix, { leaseWaitMs: 30_000 });
    const gated = new GatedLoader(() => 'v');
    const callers = Array.from({ length: 100 }, (_, i) =>
      [a, b][i % 2]!.getOrLoad('user', '1', gated.load, { skipL1: i % 4 > 1 }),
    );
    await gated.started;
    await eventually(() => b.stats().namespaces['user']!.l2Misses > 0);
    gated.release();
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['v']));
    expect(gated.calls).toBe(1);
  });

  it('does not wait for ever for a holder that is slow: the waiter loads, and stores nothing', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix, { leaseWaitMs: 30 });
    const slow = new GatedLoader(() => 'slow');
    const first = a.getOrLoad('user', '1', slow.load);
    await slow.started;
    expect(await b.getOrLoad('user', '1', async () => 'own')).toBe('own');
    expect(await fixture.redis.exists(fixture.valueKey('user', '1'))).toBe(0);
    slow.release();
    expect(await first).toBe('slow');
  });

  it('naive twin: a holder whose lock has run out overwrites what came after it', async () => {
    const { redis, prefix } = fixture;
    const slow = new GatedLoader(() => 'old');
    await redis.set(`${prefix}-lock`, 'a', 'PX', 1, 'NX');
    const overdue = slow.load().then((value) => redis.set(prefix, value));
    await eventually(async () => (await redis.set(`${prefix}-lock`, 'b', 'PX', 10_000, 'NX')) === 'OK');
    await redis.set(prefix, 'new');
    slow.release();
    await overdue;
    expect(await redis.get(prefix)).toBe('old');
  });

  it('gets a crashed holder’s lease once it has run out, and the crashed one’s fill is refused', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix, { leaseMs: 100 });
    const { cache: b } = await fixture.caches.open(fixture.prefix, { leaseWaitMs: 30_000 });
    const stuck = new GatedLoader(() => 'of the stuck holder');
    const first = a.getOrLoad('user', '1', stuck.load);
    await stuck.started;
    expect(await b.getOrLoad('user', '1', async () => 'v')).toBe('v');
    stuck.release();
    await first;
    expect(await b.getOrLoad('user', '1', never, { skipL1: true })).toBe('v');
    expect(a.stats().namespaces['user']?.refusedFills).toBe(1);
  });

  it('naive twin: a lock that a failed loader keeps holds up all other callers until it runs out', async () => {
    const { redis, prefix } = fixture;
    const load = async (): Promise<void> => {
      await redis.set(`${prefix}-lock`, '1', 'PX', 60_000, 'NX');
      throw new Error('database');
    };
    await expect(load()).rejects.toThrow('database');
    expect(await redis.set(`${prefix}-lock`, '1', 'PX', 60_000, 'NX')).toBeNull();
  });

  it('whose loader fails: all who wait hear of it, and the next caller loads', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const failure = gate();
    const loader = vi.fn(async () => {
      await failure.passed;
      throw new Error('database');
    });
    const callers = Array.from({ length: 50 }, () => cache.getOrLoad('user', '1', loader));
    const outcomes = Promise.allSettled(callers);
    failure.open();
    expect(new Set((await outcomes).map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(loader).toHaveBeenCalledOnce();
    expect(await cache.getOrLoad('user', '1', async () => 'v')).toBe('v');
    expect(await cache.getOrLoad('user', '1', never, { skipL1: true })).toBe('v');
  });

  it('whose loader fails in another process: the waiter loads for itself, and stores', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix, { leaseWaitMs: 30_000 });
    const failure = gate();
    const first = a.getOrLoad('user', '1', async () => {
      await failure.passed;
      throw new Error('database');
    });
    await eventually(async () => (await fixture.redis.exists(leaseKey())) === 1);
    const second = b.getOrLoad('user', '1', async () => 'v');
    await eventually(() => b.stats().namespaces['user']!.l2Misses === 1);
    failure.open();
    await expect(first).rejects.toThrow('database');
    expect(await second).toBe('v');
    expect(await a.getOrLoad('user', '1', never)).toBe('v');
  });
});

const leaseKey = () => fixture.keys().lease(cacheKey('user', '1'));

describe('a caller that comes late, when the value has just been filled', () => {
  it('naive twin: a look, then a lock, loads what is there already', async () => {
    const { redis, prefix } = fixture;
    const loader = vi.fn(async () => 'v');
    const missed = gate();
    const late = (async () => {
      if ((await redis.get(prefix)) !== null) return;
      await missed.passed;
      if ((await redis.set(`${prefix}-lock`, '1', 'EX', 10, 'NX')) !== null) await loader();
    })();
    await redis.set(prefix, await loader());
    missed.open();
    await late;
    expect(loader).toHaveBeenCalledTimes(2);
  });

  it('reads again and does not load: look and lease are one step', async () => {
    const a = await fixture.caches.open(fixture.prefix);
    const b = await fixture.caches.open(fixture.prefix, { leaseWaitMs: 30_000 });
    const slow = new GatedLoader(() => 'v');
    const first = a.cache.getOrLoad('user', '1', slow.load);
    await slow.started;
    const late = b.cache.getOrLoad('user', '1', never);
    await eventually(() => b.cache.stats().namespaces['user']!.l2Misses === 1);
    slow.release();
    expect([await first, await late]).toEqual(['v', 'v']);
  });
});

describe('a lease that is given back', () => {
  it('naive twin: DEL takes away the lease of another holder', async () => {
    const { redis, prefix } = fixture;
    await redis.set(prefix, 'mine', 'PX', 10_000);
    await redis.set(prefix, 'theirs', 'PX', 10_000); // ours had run out
    await redis.del(prefix);
    expect(await redis.exists(prefix)).toBe(0);
  });

  it('is only ever one’s own', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix, { leaseMs: 60 });
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    const failing = new GatedLoader((): string => 'never given');
    const overdue = a.getOrLoad('user', '1', async () => {
      await failing.load();
      throw new Error('database');
    });
    // The loader begins once its lease is taken.
    await failing.started;
    await eventually(async () => (await fixture.redis.exists(leaseKey())) === 0);
    const holding = new GatedLoader(() => 'v');
    const second = b.getOrLoad('user', '1', holding.load);
    await holding.started;
    const theirs = await fixture.redis.get(leaseKey());
    failing.release();
    await expect(overdue).rejects.toThrow('database');
    await a.getOrLoad('user', '2', async () => 'behind the release on the same connection');
    expect(await fixture.redis.get(leaseKey())).toBe(theirs);
    holding.release();
    await second;
    expect(await b.getOrLoad('user', '1', never, { skipL1: true })).toBe('v');
  });
});

describe('a loader that hangs', () => {
  const hang = () => new Promise<never>(() => {});

  it('naive twin: a map of promises keeps every caller waiting', async () => {
    const flights = new Map([['1', hang()]]);
    const outcome = await Promise.race([
      flights.get('1')!,
      new Promise((resolve) => setImmediate(resolve, 'waits')),
    ]);
    expect(outcome).toBe('waits');
    expect(flights.has('1')).toBe(true);
  });

  it('lets its callers go after loadTimeoutMs, with an error that says what hung', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, { loadTimeoutMs: 50 });
    const callers = await Promise.allSettled([1, 2, 3].map(() => cache.getOrLoad('user', '1', hang)));
    for (const outcome of callers) {
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(LoadTimeoutError);
      expect((reason as Error).message).toContain('user "1"');
    }
    expect(await cache.getOrLoad('user', '1', async () => 'v')).toBe('v');
  });

  it('is joined by no further caller once its lease is over', async () => {
    const clock = new ManualClock(Date.now());
    const { cache } = await fixture.caches.open(fixture.prefix, { leaseMs: 100 }, { clock });
    const hung = cache.getOrLoad('user', '1', hang);
    hung.catch(() => {});
    await eventually(() => cache.stats().namespaces['user']!.loads === 1);
    clock.advance(100);
    expect(await cache.getOrLoad('user', '1', async () => 'v')).toBe('v');
  });
});
