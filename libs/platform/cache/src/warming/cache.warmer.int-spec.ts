import { AsyncLocalStorage } from 'node:async_hooks';
import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CacheModuleOptions } from '../cache.options.js';
import { GatedLoader } from '../testing/gated-loader.js';
import { idsFrom, source, users, WarmedApp } from '../testing/warmed-app.js';
import type { WarmupSource } from './warmup.source.js';

let server: RedisServerFixture;
const apps: WarmedApp[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  server = await RedisServerFixture.start();
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(apps.splice(0).map((app) => app.close()));
  expect(unhandled.splice(0)).toEqual([]);
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await server.dispose();
});

async function start(sources: WarmupSource[], options?: Partial<CacheModuleOptions>): Promise<WarmedApp> {
  const app = await WarmedApp.start(server.url, sources, options);
  apps.push(app);
  return app;
}

const never = (): Promise<never> => Promise.reject(new Error('must not be loaded'));
const gatedUsers = (ids: string[]) => new GatedLoader(() => new Map(ids.map((id) => [id, id])));

describe('CacheWarmer', () => {
  it('finds the sources of other modules and fills what they name', async () => {
    const app = await start([
      source('first', () => [users(idsFrom(0, 250))]),
      source('second', async function* () {
        yield users(idsFrom(250, 10));
        yield users(idsFrom(255, 10));
      }),
    ]);
    expect(await app.warmer.warm()).toMatchObject({
      first: { outcome: 'complete', loaded: 250, present: 0, failed: 0 },
      second: { outcome: 'complete', failed: 0 },
    });
    expect(app.warmer.last?.sources['second']).toMatchObject({ outcome: 'complete' });
    const found = await app.cache.getMany('user', idsFrom(0, 265), never);
    expect(found.get('264')).toBe('user 264');
    expect(app.cache.stats().namespaces['user']).toMatchObject({ l1Hits: 265, loads: 265 });
    expect(await app.registry.metrics()).toContain(
      'cache_warmed_keys_total{source="first",outcome="loaded"} 250',
    );
  });

  it('loads nothing that is there, and leaves the hit ratio to those who ask', async () => {
    const app = await start([source('users', () => [users(['1', '2'])])]);
    await app.warmer.warm();
    expect(app.cache.stats().namespaces['user']).toMatchObject({
      hitRatio: null,
      l1HitRatio: null,
      loads: 2,
    });
    expect(await app.warmer.warm()).toMatchObject({ users: { loaded: 0, present: 2 } });
  });

  it('leaves values near their end to their next reader, who has them loaded anew', async () => {
    const ids = idsFrom(0, 50);
    const load = vi.fn(async (missing: string[]) => new Map(missing.map((id) => [id, id])));
    const namespaces = { user: { ttlMs: 60_000, jitter: 0, refreshAhead: 0.5 } };
    const prefix = 'near-end';
    const app = await start([source('users', () => [users(ids, load)])], { namespaces, prefix });
    await app.warmer.warm();
    const redis = server.client();
    await Promise.all(ids.map((id) => redis.pexpire(`${prefix}:v:4:user:${id}`, 20_000)));
    redis.disconnect();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.advanceTimersByTime(40_000);

    expect(await app.warmer.warm()).toMatchObject({ users: { loaded: 0, present: 50 } });
    await app.cache.getMany('user', ['7'], load);
    await eventually(() => load.mock.calls.length > 1);
    expect(load.mock.calls.slice(1)).toEqual([[['7']]]);
    expect(app.cache.stats().namespaces['user']!.refreshes).toBe(1);
  });

  it('reports and logs a source that fails, in its query or in its loader, and the others go on', async () => {
    const app = await start([
      source('no query', () => {
        throw new Error('no such table');
      }),
      source('half a query', async function* () {
        yield users(['1']);
        throw new Error('the replica went away');
      }),
      source('no loader', () => [users(['2', '3'], () => Promise.reject(new Error('the primary is away')))]),
      source('no namespace', () => [{ ...users(['4']), namespace: 'nothing' }]),
      source('good', () => [users(['5'])]),
    ]);
    expect(await app.warmer.warm()).toMatchObject({
      'no query': { outcome: 'failed', error: 'no such table' },
      'half a query': { outcome: 'failed', loaded: 1, error: 'the replica went away' },
      'no loader': { outcome: 'failed', failed: 2, error: 'the primary is away' },
      'no namespace': { outcome: 'failed', failed: 1, error: expect.stringContaining('"nothing"') },
      good: { outcome: 'complete', loaded: 1 },
    });
    for (const why of ['no such table', 'the replica went away', 'the primary is away']) {
      expect(app.lines).toContainEqual(expect.stringMatching(new RegExp(`has failed.*${why}`)));
    }
  });

  it('logs its beginning, how far it is, and its end', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const app = await start([
      source('users', function* () {
        for (let first = 0; first < 300; first += 100) {
          yield users(idsFrom(first, 100), async (ids) => {
            vi.advanceTimersByTime(700);
            return new Map(ids.map((id) => [id, id]));
          });
        }
      }),
    ]);
    await app.warmer.warm();
    const lines = app.lines.filter((line) => line.startsWith('Warm-up'));
    expect(lines[0]).toBe('Warm-up of "users" begins');
    expect(lines[1]).toMatch(/^Warm-up of "users": [123]00 keys loaded, 0 present, 0 failed so far$/);
    expect(lines.at(-1)).toMatch(/^Warm-up of "users" is complete after 2100 ms: 300 keys loaded/);
  });

  it('a second call joins the warm-up that is running', async () => {
    const slow = gatedUsers(['1']);
    const entries = vi.fn(() => [users(['1'], slow.load)]);
    const app = await start([source('users', entries)]);
    const first = app.warmer.warm();
    await slow.started;
    expect(app.warmer.start()).toBe('running');
    const second = app.warmer.warm();
    slow.release();
    expect(await second).toBe(await first);
    expect(entries).toHaveBeenCalledOnce();
    expect(app.warmer.isRunning).toBe(false);
    expect(app.warmer.start()).toBe('started');
    await app.warmer.warm();
    expect(entries).toHaveBeenCalledTimes(2);
  });

  it('two sources of one name: one is warmed, and the log says so', async () => {
    const app = await start([
      source('users', () => [users(['1'])]),
      source('users', () => [users(['2', '3'])]),
    ]);
    expect(await app.warmer.warm()).toMatchObject({ users: { loaded: 1 } });
    expect(app.lines).toContainEqual(expect.stringContaining('Two warm-up sources are named "users"'));
  });

  it('belongs to no request: loaders don’t run in the context of the request that started it', async () => {
    const request = new AsyncLocalStorage<string>();
    const seen = gate<string | undefined>();
    const app = await start([
      source('users', () => [
        users(['1'], async () => {
          seen.open(request.getStore());
          return new Map();
        }),
      ]),
    ]);
    await request.run('a request', () => app.warmer.warm());
    expect(await seen.passed).toBeUndefined();
  });
});

describe('warmUpAtStart', () => {
  it('runs behind the start, which waits for nothing of it', async () => {
    const slow = gatedUsers(['1']);
    const app = await start([source('users', () => [users(['1'], slow.load)])], { warmUpAtStart: true });
    await slow.started;
    expect(app.warmer.isRunning).toBe(true);
    slow.release();
    await eventually(() => app.warmer.last?.sources['users']?.outcome === 'complete');
  });

  it('does not fail the start, whatever fails in it', async () => {
    const nowhere = await RedisServerFixture.reserve();
    const broken = source('users', () => {
      throw new Error('no such table');
    });
    const options = { warmUpAtStart: true, redis: nowhere.url, startupWaitMs: 20 };
    const app = await start([broken], options);
    await eventually(() => app.warmer.last?.sources['users']?.outcome === 'failed');
    await nowhere.dispose();
  });

  it('is off unless asked for', async () => {
    const app = await start([source('users', () => [users(['1'])])]);
    expect([app.warmer.isRunning, app.warmer.last]).toEqual([false, undefined]);
  });
});

describe('a shutdown in the middle of a warm-up', () => {
  it('lets the batch in hand end, begins no other, and closes the source', async () => {
    const slow = gatedUsers(['1']);
    const [closed, later] = [vi.fn(), vi.fn(never)];
    const app = await start([
      source('users', function* () {
        try {
          yield users(['1'], slow.load);
          yield users(['2'], slow.load);
          yield users(['3'], later);
        } finally {
          closed();
        }
      }),
    ]);
    const warming = app.warmer.warm();
    await slow.started;
    const closing = app.close();
    slow.release();
    await closing;
    expect(await warming).toMatchObject({ users: { outcome: 'aborted', loaded: 2, failed: 0 } });
    expect(later).not.toHaveBeenCalled();
    expect(closed).toHaveBeenCalledOnce();
    expect(app.lines).toContainEqual(expect.stringContaining('was aborted'));
    expect(await app.warmer.warm()).toMatchObject({ users: { outcome: 'aborted', loaded: 0 } });
  });

  it('goes on without a loader that does not end, and counts its later failure', async () => {
    const hung = gate();
    const begun = gate();
    const fails = async (): Promise<never> => {
      begun.open();
      await hung.passed;
      throw new Error('the database is gone');
    };
    const app = await start([source('users', () => [users(['1'], fails)])]);
    const warming = app.warmer.warm();
    await begun.passed;
    await app.close();
    expect(app.lines).toContainEqual(expect.stringContaining('leaves a warm-up behind'));
    hung.open();
    expect(await warming).toMatchObject({ users: { outcome: 'aborted', failed: 1 } });
  });
});
