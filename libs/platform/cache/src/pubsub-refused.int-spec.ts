import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { ManualClock } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { never } from './testing/cache-fixture.js';
import { freshPrefix, inUse, TestCaches } from './testing/test-caches.js';

let server: RedisServerFixture;
let caches: TestCaches;
let prefix: string;
let database: string;
beforeEach(async () => {
  server = await RedisServerFixture.start();
  caches = new TestCaches(server.url);
  prefix = freshPrefix();
  database = 'old';
  await server.command('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '&*', '+@all');
});
afterEach(async () => {
  vi.restoreAllMocks();
  caches.closeAll();
  await server.dispose();
});

const load = async (): Promise<string> => database;
const forbid = () => server.command('ACL', 'SETUSER', 'limited', 'resetchannels');
const allow = () => server.command('ACL', 'SETUSER', 'limited', 'allchannels');
const limitedUrl = () => server.url.replace('//', '//limited:secret@');

describe('a user of Redis without the right to the channel', () => {
  it('is written to the log once a minute, and counted', async () => {
    const errors = vi.spyOn(Logger.prototype, 'error');
    const [registry, clock] = [new Registry(), new ManualClock(1_000_000)];
    await forbid();
    const a = caches.make(prefix, { redis: limitedUrl(), startupWaitMs: 1, registry }, { clock });
    const refusals = async () => {
      const metric = await registry.getSingleMetric('cache_bus_refusals_total')!.get();
      return metric.values[0]!.value;
    };
    await a.start();
    await eventually(async () => (await refusals()) >= 2);
    expect(errors.mock.calls.map(String)).toEqual([
      expect.stringMatching(new RegExp(`^Redis refuses SUBSCRIBE on ${prefix}:invalidate .*NOPERM`)),
    ]);
    clock.advance(60_000);
    await eventually(() => errors.mock.calls.length === 2);
    expect(String(errors.mock.calls[1])).toMatch(/\([2-9] times so far\)/);
    expect(a.l2.trusted).toBe(true);
    await allow();
    await inUse(a);
  });

  it('reads and fills Redis as before, and owes the others what it invalidates until it is published', async () => {
    const a = await caches.open(prefix, { redis: limitedUrl() });
    const b = await caches.open(prefix);
    await b.cache.getOrLoad('user', '1', load);
    await forbid();
    await eventually(() => !a.bus.live);
    database = 'new';
    expect(await a.cache.invalidate('user', '1')).toEqual({ deferred: true });
    expect(await a.cache.set('user', '2', 'x')).toEqual({ deferred: true });
    expect(a.l2.pendingInvalidations).toBe(2);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(await a.cache.getOrLoad('user', '1', never)).toBe('new');
    expect(await b.cache.getOrLoad('user', '1', never)).toBe('old');
    await eventually(() => a.l2.errors === 0 && a.l2.trusted && a.l2.pendingInvalidations === 2);

    await allow();
    await eventually(() => a.l2.pendingInvalidations === 0);
    await eventually(async () => (await b.cache.getOrLoad('user', '1', load)) === 'new');
  });
});
