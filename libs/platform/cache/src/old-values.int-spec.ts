import { gate } from '@fourfold-tools/testing';
import { describe, expect, it, vi } from 'vitest';
import { valueMayBeOld } from './loading/load.context.js';
import { useCaches } from './testing/cache-fixture.js';

const fixture = useCaches();

/** What the source has, and whether it is a replica in place of a primary. */
function newSource() {
  const source = { row: 'old', isReplica: true };
  const load = vi.fn(async () => {
    const { row, isReplica } = source;
    await Promise.resolve();
    if (isReplica) valueMayBeOld();
    return row;
  });
  return { source, load };
}

/** Counts what is given out; `mustSeeWrites` is what the running caller says. */
const listener = () => ({ mustSeeWrites: vi.fn(() => false), gotOld: vi.fn() });

describe('a value whose loader says that it may be old', () => {
  it('is handed out and in no level afterwards; its lease is free at once', async () => {
    const [{ cache }, { cache: other }] = [
      await fixture.caches.open(fixture.prefix),
      await fixture.caches.open(fixture.prefix),
    ];
    const { source, load } = newSource();
    const heard = listener();
    cache.reportOldValues(heard);
    expect(await cache.getOrLoad('user', '1', load)).toBe('old');
    expect(await fixture.redis.keys(`${fixture.prefix}:[vl]:*`)).toEqual([]);
    source.row = 'new';
    expect(await other.getOrLoad('user', '1', load)).toBe('new');
    source.isReplica = false;
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
    expect(load).toHaveBeenCalledTimes(3);
    expect(heard.gotOld).toHaveBeenCalledOnce();
  });

  it('is in no level either where Redis is away', async () => {
    const { cache } = fixture.caches.make(fixture.prefix);
    const { source, load } = newSource();
    expect(await cache.getMany('user', ['1'], async () => new Map([['1', await load()]]))).toEqual(
      new Map([['1', 'old']]),
    );
    source.row = 'new';
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('is given to all who joined its load, except to one who has a write to see: for it there is a load of its own', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const heard = listener();
    cache.reportOldValues(heard);
    const mayLoad = gate();
    const held = async () => {
      await mayLoad.passed;
      valueMayBeOld();
      return 'of another request';
    };
    const first = cache.getOrLoad('user', '1', held);
    const joined = cache.getOrLoad('user', '1', held);
    heard.mustSeeWrites.mockReturnValueOnce(false).mockReturnValue(true);
    const strict = cache.getOrLoad('user', '1', async () => 'its own');
    const strictToo = cache.getMany('user', ['1'], async () => new Map([['1', 'its own']]));
    mayLoad.open();
    expect(await Promise.all([first, joined])).toEqual(['of another request', 'of another request']);
    expect(await strict).toBe('its own');
    expect((await strictToo).get('1')).toBe('its own');
    expect(heard.gotOld).toHaveBeenCalledTimes(2);
  });

  it('makes what is loaded from it old as well', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const { source, load } = newSource();
    const outer = async () => `made of ${await cache.getOrLoad('user', '1', load)}`;
    expect(await cache.getOrLoad('stock', '1', outer)).toBe('made of old');
    [source.row, source.isReplica] = ['new', false];
    expect(await cache.getOrLoad('stock', '1', outer)).toBe('made of new');
  });
});
