import { ForkedProcess, type RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type CacheKind, type Report } from '../testing/cache.process.js';
import { lockKey, NaiveLockedCache } from '../testing/naive-locked-cache.js';
import { useCaches } from '../testing/cache-fixture.js';
import type { TestCaches } from '../testing/test-caches.js';

const cacheProcess = new URL('../testing/cache.runner.mjs', import.meta.url);

const LEASE_MS = 1_000;
const PATIENCE_MS = 30_000;
/** Redis and this process read different clocks, in whole milliseconds. */
const CLOCK_STEP_MS = 5;

const fixture = useCaches();
let server: RedisServerFixture;
let redis: Redis;
let caches: TestCaches;
let prefix: string;
beforeEach(() => void ({ server, redis, caches, prefix } = fixture));

/** Another process, whose loader has read `old` and has not answered. Its lease began after `startedMs`. */
async function holder(
  kind: CacheKind,
  leaseMs = LEASE_MS,
): Promise<{ child: ForkedProcess<Report>; startedMs: number }> {
  const options = { kind, redisUrl: server.url, prefix, leaseMs, leaseWaitMs: PATIENCE_MS };
  const child = await ForkedProcess.start<Report>(cacheProcess, options);
  onTestFinished(async () => void (await child.crash()));
  const startedMs = performance.now();
  child.say({ say: 'read', times: 1, row: 'old' });
  await child.told('loading');
  return { child, startedMs };
}

/** Reads `new` and says when it began to. */
function freshLoader() {
  let loadedMs = 0;
  const load = vi.fn(async () => {
    loadedMs = performance.now();
    return 'new';
  });
  return { load, since: (startedMs: number) => loadedMs - startedMs };
}

const openWaiter = () => caches.open(prefix, { leaseMs: LEASE_MS, leaseWaitMs: PATIENCE_MS });

describe('a process that crashes while its loader runs', () => {
  it('naive twin: a lock without an expiry outlives its holder, and no caller loads until it is deleted', async () => {
    const { child } = await holder('naive with a lock', 0);
    await child.crash();
    const { load } = freshLoader();
    const waiting = new NaiveLockedCache(redis, 0).getOrLoad(prefix, load);
    expect(await redis.pttl(lockKey(prefix))).toBe(-1);
    expect(load).not.toHaveBeenCalled();
    await redis.del(lockKey(prefix));
    expect(await waiting).toBe('new');
  });

  it('leaves its lease to run out; then one of the waiters loads for all of them', async () => {
    const { cache } = await openWaiter();
    const { cache: another } = await openWaiter();
    const { child, startedMs } = await holder('ours');
    const { load, since } = freshLoader();
    const waiters = [cache, another].map((each) => each.getOrLoad('user', '1', load));
    await child.crash();
    expect(await Promise.all(waiters)).toEqual(['new', 'new']);
    expect(load).toHaveBeenCalledOnce();
    expect(since(startedMs)).toBeGreaterThanOrEqual(LEASE_MS - CLOCK_STEP_MS);
  });
});

describe('a process that is paused for longer than its lease', () => {
  it('naive twin: stores what it had read before over what was loaded since', async () => {
    const { child } = await holder('naive with a lock');
    child.pause();
    const naive = new NaiveLockedCache(redis, LEASE_MS);
    expect(await naive.getOrLoad(prefix, freshLoader().load)).toBe('new');
    child.resume();
    child.say({ say: 'answer' });
    await child.told('answered');
    expect(await redis.get(prefix)).toBe('old');
  });

  it('finds its fill refused: its waiters have loaded what is there now, and that stays, in its own L1 too', async () => {
    const { cache } = await openWaiter();
    const { child, startedMs } = await holder('ours');
    child.pause();
    const { load, since } = freshLoader();
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
    expect(load).toHaveBeenCalledOnce();
    expect(since(startedMs)).toBeGreaterThanOrEqual(LEASE_MS - CLOCK_STEP_MS);

    child.resume();
    child.say({ say: 'answer' });
    expect(await child.told('answered')).toMatchObject({ answers: ['old'], refusedFills: 1 });
    expect(await cache.getOrLoad('user', '1', load, { skipL1: true })).toBe('new');
    child.say({ say: 'read', times: 1, row: 'never asked for' });
    expect(await child.told('answered', 2)).toMatchObject({ answers: ['new'] });
    expect(load).toHaveBeenCalledOnce();
  });
});
