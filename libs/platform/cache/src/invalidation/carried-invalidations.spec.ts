import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { cacheKey } from '../cache-key.js';
import type { InvalidationTarget } from '../invalidation-target.js';
import { CarriedInvalidations, type InvalidationNote } from './carried-invalidations.js';
import type { Invalidations } from './invalidations.js';

const KEEP_MS = 60_000;
let clock: ManualClock;

beforeEach(() => void (clock = new ManualClock(1_000_000)));

/** One process: what it drops from its L1, and what it tells Redis, which may not hear it. */
function newProcess({ hearsRedis = true } = {}) {
  const [dropped, told]: InvalidationTarget[][] = [[], []];
  const here = (target: InvalidationTarget) => void dropped!.push(target);
  const everywhere = async (targets: readonly InvalidationTarget[]) => {
    targets.forEach(here);
    if (hearsRedis) told!.push(...targets);
    return hearsRedis;
  };
  const carried = new CarriedInvalidations({
    invalidations: { here, everywhere } as unknown as Invalidations,
    clock,
    keepMs: KEEP_MS,
  });
  const notes: InvalidationNote[] = [];
  carried.listen((note) => notes.push(note));
  return { carried, notes, dropped: dropped!, told: told! };
}

const order = (id: number | string) => cacheKey('order', String(id));

describe('an invalidation that a token carries', () => {
  it('is dropped from L1 by each process that learns it, once', async () => {
    const [writer, reader] = [newProcess(), newProcess()];
    writer.carried.note([order(1), '@shop'], true);
    const packed = writer.carried.pack(writer.notes);
    await reader.carried.learn(packed);
    await reader.carried.learn(packed);
    expect(reader).toMatchObject({ dropped: [order(1), '@shop'], told: [] });
  });

  it('has been dropped already by the one that noted it', async () => {
    const writer = newProcess();
    writer.carried.note([order(1)], true);
    await writer.carried.learn(writer.carried.pack(writer.notes));
    expect(writer.dropped).toEqual([]);
  });

  it('and that Redis has not confirmed is sent to it by the first process that can', async () => {
    const [writer, cutOff, reader, later] = [
      newProcess(),
      newProcess({ hearsRedis: false }),
      newProcess(),
      newProcess(),
    ];
    writer.carried.note([order(1)], false);
    const unheard = await cutOff.carried.learn(writer.carried.pack(writer.notes));
    expect(unheard).toMatchObject([{ isConfirmed: false }]);
    clock.advance(2 * KEEP_MS); // it stays for as long as Redis does not know
    const heard = await reader.carried.learn(cutOff.carried.pack(unheard));
    expect(reader.told).toEqual([order(1)]);
    expect(heard).toMatchObject([{ isConfirmed: true, atMs: clock.now() }]);
    await later.carried.learn(reader.carried.pack(heard));
    expect(later).toMatchObject({ dropped: [order(1)], told: [] });
  });

  it('is waited for by all who bring it while it is on its way to Redis', async () => {
    const [writer, reader] = [newProcess(), newProcess()];
    writer.carried.note([order(1)], false);
    const packed = writer.carried.pack(writer.notes);
    const learned = await Promise.all([reader.carried.learn(packed), reader.carried.learn(packed)]);
    expect(learned.flat().map(({ isConfirmed }) => isConfirmed)).toEqual([true, true]);
    expect(reader.told).toEqual([order(1)]);
  });

  it('leaves the token when no L1 can hold the old value any more', () => {
    const { carried, notes } = newProcess();
    carried.note([order(1)], true);
    clock.advance(KEEP_MS - 1);
    expect(carried.pack(notes)).not.toBe('');
    clock.advance(1);
    expect(carried.pack(notes)).toBe('');
  });
});

describe('more invalidations than fit into a token', () => {
  it('stand for their namespaces, which a reader drops once; those that Redis knows apart from those it does not', async () => {
    const [writer, reader] = [newProcess(), newProcess()];
    const ids = Array.from({ length: 200 }, (_, i) => i);
    writer.carried.note(ids.map(order), true);
    writer.carried.note([cacheKey('stock', '1')], false);
    const packed = writer.carried.pack(writer.notes);
    expect(Buffer.byteLength(packed)).toBeLessThanOrEqual(2_048);
    await reader.carried.learn(packed);
    await reader.carried.learn(packed);
    expect(new Set(reader.dropped)).toEqual(new Set(['@order', '@stock']));
    expect(reader.told).toEqual(['@stock']);
    expect(await writer.carried.learn(packed)).toHaveLength(2);
    expect(writer.dropped).toEqual([]);
  });
});

describe('a text of another release', () => {
  it.each(['', 'nonsense', '{}', '[["id"]]', '[["id",1,true,2]]'])('%j says nothing', async (packed) => {
    expect(await newProcess().carried.learn(packed)).toEqual([]);
  });
});
