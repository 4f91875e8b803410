import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { GatedLoader } from '../testing/gated-loader.js';
import { NaiveCache } from '../testing/naive-cache.js';
import { useCaches } from '../testing/cache-fixture.js';
import type { TestCaches } from '../testing/test-caches.js';

const fixture = useCaches();
let redis: Redis;
let caches: TestCaches;
let prefix: string;
/** Rows by id. */
let database: Map<string, string>;

beforeEach(() => void ({ redis, caches, prefix } = fixture));
beforeEach(() => {
  database = new Map(['1', '2'].map((id) => [id, 'old']));
});

const row = (id: string) => async (): Promise<string | undefined> => database.get(id);
const slowRead = () => new GatedLoader(() => new Map(database));

describe('an invalidate during a warm-up that has read the old row', () => {
  it('naive twin: a warm-up that reads everything and then sets it puts the old value back', async () => {
    const [warming, other] = [new NaiveCache(redis), new NaiveCache(redis)];
    const read = slowRead();
    const warmUp = read.load().then(async (rows) => {
      for (const [id, value] of rows) await warming.set(`${prefix}:${id}`, value);
    });
    await read.started;
    database.set('1', 'new');
    await other.invalidate(`${prefix}:1`);
    read.release();
    await warmUp;
    const load = async (): Promise<string> => database.get('1')!;
    expect(await warming.getOrLoad(`${prefix}:1`, load)).toBe('old');
    expect(await other.getOrLoad(`${prefix}:1`, load)).toBe('old');
  });

  it.each(['another', 'the same'])('by %s process: the old value gets into neither level', async (whose) => {
    const { cache: warming } = await caches.open(prefix);
    const { cache: other } = await caches.open(prefix);
    const read = slowRead();
    const warmUp = warming.warm([{ namespace: 'user', ids: ['1', '2'], loadMany: read.load }]);
    await read.started;
    database.set('1', 'new');
    await (whose === 'another' ? other : warming).invalidate('user', '1');
    read.release();
    expect(await warmUp).toEqual({ loaded: 2, present: 0, failed: 0 });
    // Both levels as each process sees them, without a load.
    for (const cache of [warming, other]) {
      expect(await cache.peek('user', '1')).toBeUndefined();
      expect(await cache.peek('user', '2')).toEqual({ value: 'old' });
    }
    for (const cache of [warming, other]) expect(await cache.getOrLoad('user', '1', row('1'))).toBe('new');
  });

  it('of the whole namespace: nothing that was read before it is kept', async () => {
    const { cache: warming } = await caches.open(prefix);
    const { cache: other } = await caches.open(prefix);
    const read = slowRead();
    const warmUp = warming.warm([{ namespace: 'user', ids: ['1', '2'], loadMany: read.load }]);
    await read.started;
    await other.invalidateNamespace('user');
    read.release();
    await warmUp;
    for (const id of ['1', '2']) expect(await warming.peek('user', id)).toBeUndefined();
  });
});

describe('a value written through during a warm-up', () => {
  it('is not overtaken by what the warm-up had read', async () => {
    const { cache: warming } = await caches.open(prefix);
    const { cache: other } = await caches.open(prefix);
    const read = slowRead();
    const warmUp = warming.warm([{ namespace: 'user', ids: ['1'], loadMany: read.load }]);
    await read.started;
    database.set('1', 'new');
    await other.set('user', '1', 'new');
    read.release();
    await warmUp;
    for (const cache of [warming, other]) expect(await cache.getOrLoad('user', '1', row('1'))).toBe('new');
  });
});
