import { ManualClock } from '@fourfold/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mariadbDialect as dialect } from '../engine/mariadb.dialect.js';
import {
  type ConsistencyState,
  consistencyState,
  runInScope,
  usePrimary,
  useReadIndex,
  useReplica,
  withAffinity,
} from './consistency.context.js';
import { ConsistencyScope } from './consistency.scope.js';
import { IndexedWork } from './read-index.js';

const scope = new ConsistencyScope({ dialect, clock: new ManualClock(), windowMs: 0 });
type Around = <T>(work: () => Promise<T>) => Promise<T>;
const affinity: Around = (work) => withAffinity('customer:1', work);
const other: Around = (work) => withAffinity('customer:2', work);

/** What holds inside `around`, the first one outermost; also after something was awaited. */
async function inside(...around: Around[]): Promise<ConsistencyState> {
  const read = async () => {
    await pause(0);
    return consistencyState();
  };
  return around.reduceRight<() => Promise<ConsistencyState>>((work, run) => () => run(work), read)();
}

const indexed = expect.any(IndexedWork) as IndexedWork;

describe('usePrimary, useReadIndex, useReplica and withAffinity', () => {
  it.each<[string, Around[], ConsistencyState]>([
    ['nothing', [], {}],
    ['usePrimary', [usePrimary], { forced: 'primary' }],
    ['usePrimary in useReplica', [useReplica, usePrimary], { forced: 'primary' }],
    ['useReplica in usePrimary', [usePrimary, useReplica], { forced: 'replica' }],
    ['useReadIndex', [useReadIndex], { indexed }],
    ['useReadIndex in usePrimary', [usePrimary, useReadIndex], { indexed }],
    ['useReadIndex in useReplica', [useReplica, useReadIndex], { indexed }],
    ['usePrimary in useReadIndex', [useReadIndex, usePrimary], { forced: 'primary' }],
    ['useReplica in useReadIndex', [useReadIndex, useReplica], { forced: 'replica' }],
    ['withAffinity in useReadIndex', [useReadIndex, affinity], { indexed, affinity: 'customer:1' }],
    ['withAffinity in usePrimary', [usePrimary, affinity], { forced: 'primary', affinity: 'customer:1' }],
    ['useReplica in withAffinity', [affinity, useReplica], { forced: 'replica', affinity: 'customer:1' }],
    ['withAffinity in withAffinity', [affinity, other], { affinity: 'customer:2' }],
  ])('%s', async (_nesting, around, expected) => {
    expect(await inside(...around)).toEqual(expected);
    expect(await runInScope(scope, () => inside(...around))).toEqual({ ...expected, scope });
  });

  it('useReadIndex in itself asks anew: what is kept inside has a younger lease', async () => {
    await useReadIndex(async () => {
      const { indexed: outer } = consistencyState();
      const { indexed: inner } = await inside(useReadIndex);
      expect(inner).not.toBe(outer);
    });
  });

  it('end with their work: what comes after is as it was before', async () => {
    await runInScope(scope, async () => {
      await usePrimary(() => withAffinity('customer:1', () => Promise.resolve()));
      expect(consistencyState()).toEqual({ scope });
    });
  });

  it('hold for what runs at the same time no more than for what comes after', async () => {
    const states = await Promise.all([inside(usePrimary), inside(useReplica), inside(affinity), inside()]);
    expect(states).toEqual([{ forced: 'primary' }, { forced: 'replica' }, { affinity: 'customer:1' }, {}]);
  });
});

it('a scope of its own is free of what was asked around it', async () => {
  const ownScope: Around = (work) => runInScope(scope, work);
  expect(await inside(usePrimary, affinity, ownScope)).toEqual({ scope });
});
