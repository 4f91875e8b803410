import { Socket } from 'node:net';
import { eventually } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { turnsDuring } from './testing/event-loop.turns.js';
import { GatedLoader } from './testing/gated-loader.js';
import { never, useCaches } from './testing/cache-fixture.js';
import type { TestCaches } from './testing/test-caches.js';

const fixture = useCaches();
let redis: Redis;
let caches: TestCaches;
let prefix: string;
beforeEach(() => void ({ redis, caches, prefix } = fixture));

describe('getMany', () => {
  it('loads what is missing in one call and answers in the order asked', async () => {
    const { cache } = await caches.open(prefix);
    await cache.getOrLoad('stock', '2', async () => 20);
    const loadMany = vi.fn(
      async (ids: string[]) => new Map(ids.filter((id) => id !== '4').map((id) => [id, Number(id)])),
    );
    const found = await cache.getMany('stock', ['3', '2', '4', '1', '3'], loadMany);
    expect([...found]).toEqual([
      ['3', 3],
      ['2', 20],
      ['4', null],
      ['1', 1],
    ]);
    expect(loadMany).toHaveBeenCalledExactlyOnceWith(['3', '4', '1']);
    expect(await cache.getMany('stock', ['1', '4'], never)).toEqual(
      new Map([
        ['1', 1],
        ['4', null],
      ]),
    );
    expect(await cache.getMany('stock', [], never)).toEqual(new Map());
  });

  it('reads Redis in one round trip', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    const ids = Array.from({ length: 50 }, (_, i) => String(i));
    await a.getMany('stock', ids, async (missing) => new Map(missing.map((id) => [id, 1])));
    const before = await packetsRead(redis);
    const found = await b.getMany('stock', ids, never);
    // The second look at the figure is itself one read event.
    expect((await packetsRead(redis)) - before).toBeLessThanOrEqual(3);
    expect(found.size).toBe(50);
  });

  it('puts what it has loaded, or found absent, into Redis in one write', async () => {
    const { cache } = await caches.open(prefix);
    const ids = Array.from({ length: 200 }, (_, i) => String(i));
    // What is written together comes by `_writev`.
    const single = vi.spyOn(Socket.prototype, '_write');
    onTestFinished(() => single.mockRestore());
    await cache.getMany('stock', ids, async () => new Map([['7', 7]]));
    // A heartbeat is written alone.
    expect(single.mock.calls.length).toBeLessThan(5);
    expect(await cache.peek('stock', '7')).toEqual({ value: 7 });
    expect(await cache.peek('stock', '8')).toEqual({ value: null });
  });

  it('reads and loads at most 200 at a time, one part after another', async () => {
    const { cache } = await caches.open(prefix);
    const ids = Array.from({ length: 450 }, (_, i) => String(i));
    const running = { now: 0, most: 0, parts: [] as number[] };
    const loadMany = async (missing: string[]) => {
      running.most = Math.max(running.most, (running.now += 1));
      running.parts.push(missing.length);
      await new Promise(setImmediate);
      running.now -= 1;
      return new Map(missing.map((id) => [id, Number(id)]));
    };
    expect(await cache.getMany('stock', ids, loadMany)).toEqual(new Map(ids.map((id) => [id, Number(id)])));
    expect(running).toEqual({ now: 0, most: 1, parts: [200, 200, 50] });
  });

  it('leaves a turn to others after every 200 ids that do not exist, however quick its loader is', async () => {
    const { cache } = await caches.open(prefix);
    const ids = Array.from({ length: 1_000 }, (_, i) => `absent-${i}`);
    const turns = await turnsDuring(() => cache.getMany('stock', ids, async () => new Map()));
    expect(turns).toBeGreaterThanOrEqual(1_000 / 200 - 1);
    expect(await cache.peek('stock', 'absent-999')).toEqual({ value: null });
  });

  it('does not load again what another caller is loading, in this process or in another', async () => {
    const { cache: a } = await caches.open(prefix, { leaseWaitMs: 30_000 });
    const { cache: b } = await caches.open(prefix, { leaseWaitMs: 30_000 });
    const gated = new GatedLoader(
      () =>
        new Map([
          ['1', 1],
          ['2', 2],
        ]),
    );
    const first = a.getMany('stock', ['1', '2'], gated.load);
    await gated.started;
    const rest = vi.fn(async (ids: string[]) => new Map(ids.map((id) => [id, Number(id) * 10])));
    const joined = a.getMany('stock', ['2', '3'], rest);
    const polling = b.getMany('stock', ['1', '4'], rest);
    const single = a.getOrLoad('stock', '1', never);
    await eventually(() => rest.mock.calls.length === 2);
    gated.release();
    expect(await Promise.all([first, joined, polling, single])).toEqual([
      new Map([
        ['1', 1],
        ['2', 2],
      ]),
      new Map([
        ['2', 2],
        ['3', 30],
      ]),
      new Map([
        ['1', 1],
        ['4', 40],
      ]),
      1,
    ]);
    expect(rest.mock.calls.flat(2).sort()).toEqual(['3', '4']);
  });

  it('two batches that each hold what the other wants both finish', async () => {
    const { cache: a } = await caches.open(prefix, { leaseWaitMs: 30_000 });
    const { cache: b } = await caches.open(prefix, { leaseWaitMs: 30_000 });
    const ids = Array.from({ length: 40 }, (_, i) => String(i));
    const loadMany = vi.fn(async (missing: string[]) => new Map(missing.map((id) => [id, id])));
    const [fromA, fromB] = await Promise.all([
      a.getMany('stock', ids, loadMany),
      b.getMany('stock', ids.toReversed(), loadMany),
    ]);
    expect([fromA.size, fromB.size]).toEqual([40, 40]);
    expect(loadMany.mock.calls.flat(2)).toHaveLength(40);
  });
});

/** How often the server has read from any client's socket. */
async function packetsRead(client: Redis): Promise<number> {
  return Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
}
