import { eventually } from '@fourfold-tools/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { never, useCaches } from './testing/cache-fixture.js';
import { GatedLoader } from './testing/gated-loader.js';

const fixture = useCaches();
let database: string;
beforeEach(() => void (database = 'old'));
const load = async (): Promise<string> => database;
const tagged = { tags: ['team:1', 'all'] };

describe('invalidateTags', () => {
  it('drops every value with the tag, in any namespace and process, and no other', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    for (const cache of [a, b]) {
      await cache.getOrLoad('user', '1', load, tagged);
      await cache.getOrLoad('stock', '1', load, { tags: ['team:1'] });
      await cache.getOrLoad('user', '2', load, { tags: ['team:2'] });
      await cache.getOrLoad('user', '3', load);
    }
    database = 'new';
    expect(await a.invalidateTags('team:1')).toEqual({ deferred: false });
    expect(await a.getOrLoad('user', '1', load, tagged)).toBe('new');
    expect(await b.getOrLoad('user', '1', load, { ...tagged, skipL1: true })).toBe('new');
    await eventually(async () => (await b.getOrLoad('stock', '1', load, { tags: ['team:1'] })) === 'new');
    for (const cache of [a, b]) {
      expect(await cache.getOrLoad('user', '2', never, { tags: ['team:2'] })).toBe('old');
      expect(await cache.getOrLoad('user', '3', never)).toBe('old');
    }
  });

  it('naive twin: a set of keys per tag does not know of the fill that is under way', async () => {
    const { redis, prefix } = fixture;
    const gated = new GatedLoader(() => database);
    const fill = gated.load().then(async (value) => {
      await redis.set(`${prefix}-1`, value);
      await redis.sadd(`${prefix}-tag`, `${prefix}-1`);
    });
    database = 'new';
    const members = await redis.smembers(`${prefix}-tag`);
    for (const key of [...members, `${prefix}-tag`]) await redis.del(key);
    gated.release();
    await fill;
    expect(await redis.get(`${prefix}-1`)).toBe('old');
  });

  it.each(['the same', 'another'])('by %s process refuses the fill under way', async (whose) => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    const gated = new GatedLoader(() => database);
    const reader = a.getOrLoad('user', '1', gated.load, tagged);
    await gated.started;
    database = 'new';
    await (whose === 'another' ? b : a).invalidateTags('all');
    gated.release();
    expect(await reader).toBe('old');
    for (const cache of [a, b]) expect(await cache.getOrLoad('user', '1', load, tagged)).toBe('new');
  });

  it('of a caller that comes after it does not join the flight from before', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const gated = new GatedLoader(() => database);
    const early = cache.getOrLoad('user', '1', gated.load, tagged);
    await gated.started;
    database = 'new';
    await cache.invalidateTags('all');
    expect(await cache.getOrLoad('user', '1', load, tagged)).toBe('new');
    gated.release();
    await early;
  });

  it('reaches a value that a reader asks for without naming the tag, also in L1', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    await a.getOrLoad('user', '1', load, tagged);
    expect(await b.getOrLoad('user', '1', never)).toBe('old');
    database = 'new';
    await a.invalidateTags('all');
    expect(await b.getOrLoad('user', '1', load)).toBe('new');
  });

  it.each([
    ['L1', {}],
    ['Redis', { skipL1: true }],
  ])('reaches a reader in %s that names it, though the value was stored without it', async (_where, past) => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    const read = (tags: string[]) => a.getOrLoad('user', '1', load, { tags, ...past });
    const readMany = async (tags: string[]) => {
      const loadMany = async (ids: string[]) => new Map(ids.map((id) => [id, database]));
      return (await a.getMany('user', ['1'], loadMany, { tags, ...past })).get('1');
    };
    for (const reading of [read, readMany]) {
      database = 'old';
      await a.invalidate('user', '1');
      await reading(['team:1']);
      await reading(['team:1', 'all']);
      database = 'new';
      await b.invalidateTags('all');
      await eventually(async () => (await reading(['team:1', 'all'])) === 'new');
      await reading([]);
      database = 'newest';
      await b.invalidateTags('all');
      await eventually(async () => (await reading(['all'])) === 'newest');
    }
  });

  it('that Redis has evicted are misses, not values without their tag', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load, tagged);
    await fixture.redis.del(fixture.keys().tag('all'));
    database = 'new';
    expect(await cache.getOrLoad('user', '1', load, { ...tagged, skipL1: true })).toBe('new');
  });

  it('live on for as long as a value that carries them', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('stock', '1', load, { tags: ['all'] });
    await cache.getOrLoad('user', '1', load, { tags: ['all'] });
    const ofTag = await fixture.redis.pttl(fixture.keys().tag('all'));
    expect(ofTag).toBeGreaterThanOrEqual(await fixture.redis.pttl(fixture.valueKey('user', '1')));
  });

  it('cover what was set', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.set('user', '1', 'old', tagged);
    expect(await cache.getOrLoad('user', '1', never, tagged)).toBe('old');
    database = 'new';
    await cache.invalidateTags('team:1');
    expect(await cache.getOrLoad('user', '1', load, tagged)).toBe('new');
  });
});

describe('invalidateNamespace', () => {
  it('drops all of it in every process, and nothing else', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    for (const id of ['1', '2']) await b.getOrLoad('user', id, load);
    await b.getOrLoad('stock', '1', load);
    database = 'new';
    expect(await a.invalidateNamespace('user')).toEqual({ deferred: false });
    expect(await b.getOrLoad('user', '1', load, { skipL1: true })).toBe('new');
    await eventually(async () => (await b.getOrLoad('user', '2', load)) === 'new');
    expect(await b.getOrLoad('stock', '1', never)).toBe('old');
  });

  it('refuses the fill under way', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    const gated = new GatedLoader(() => database);
    const reader = a.getOrLoad('user', '1', gated.load);
    await gated.started;
    database = 'new';
    await b.invalidateNamespace('user');
    gated.release();
    await reader;
    for (const cache of [a, b]) expect(await cache.getOrLoad('user', '1', load)).toBe('new');
  });
});
