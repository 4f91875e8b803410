import { beforeEach, describe, expect, it } from 'vitest';
import { ModelDatabase, type Row } from './model.database.js';
import { StalenessOracle } from './staleness.oracle.js';

const [WRITER, OTHER] = [0, 1];
const IN_USE = { trusted: true, live: true };
const DEAF = { trusted: true, live: false };
const CUT_FROM_REDIS = { trusted: false, live: true };
const ALONE = { trusted: false, live: false };

let database: ModelDatabase;
let oracle: StalenessOracle;
let old: Row;
let fresh: Row;

beforeEach(() => {
  database = new ModelDatabase(['a', 'b']);
  oracle = new StalenessOracle(database, 2);
  old = database.write('a');
  fresh = database.write('a');
});

function verdict(process: number, answer: Row | null, skipL1 = false, state = IN_USE): string | undefined {
  return oracle.judge(oracle.readStarted(process, 'a', skipL1, state), answer, state);
}

const STALE = 'stale: version 1 of a after 2';

describe('an old version after an invalidate', () => {
  it.each([
    ['by the process itself, deferred', WRITER, true, false, IN_USE, STALE],
    ['by the process itself, deferred, which is on its own', WRITER, true, false, ALONE, STALE],
    ['by another process', OTHER, false, false, IN_USE, undefined],
    ['by another process, read past L1', OTHER, false, true, IN_USE, STALE],
    ['by another process, read past L1 on one’s own', OTHER, false, true, ALONE, STALE],
    ['by another process, deferred, read past L1', OTHER, true, true, IN_USE, undefined],
    ['by another process, by one that knows it hears nothing', OTHER, false, false, DEAF, STALE],
    [
      'by another process, by one without Redis that has not heard it',
      OTHER,
      false,
      false,
      CUT_FROM_REDIS,
      undefined,
    ],
  ] as const)('%s', (_whose, reader, deferred, skipL1, state, expected) => {
    oracle.writeResolved(WRITER, fresh, deferred);
    expect(verdict(reader, old, skipL1, state)).toBe(expected);
    expect(verdict(reader, fresh, skipL1, state)).toBeUndefined();
  });

  it('is stale in another process once that has passed a barrier, though not while it is on its own', () => {
    oracle.writeResolved(WRITER, fresh, false);
    oracle.barrierPassed(OTHER, oracle.confirmedSoFar());
    expect(verdict(OTHER, old)).toBe(STALE);
    expect(verdict(OTHER, old, false, CUT_FROM_REDIS)).toBe(STALE);
    expect(verdict(OTHER, old, false, ALONE)).toBeUndefined();
  });

  it('is no news by a barrier from before it was confirmed', () => {
    const before = oracle.confirmedSoFar();
    oracle.writeResolved(WRITER, fresh, false);
    oracle.barrierPassed(OTHER, before);
    expect(verdict(OTHER, old)).toBeUndefined();
  });

  it('is allowed to a read that started before, and to one that ends on its own', () => {
    const started = oracle.readStarted(WRITER, 'a', false, IN_USE);
    oracle.writeResolved(WRITER, fresh, false);
    expect(oracle.judge(started, old, IN_USE)).toBeUndefined();
    oracle.barrierPassed(OTHER, oracle.confirmedSoFar());
    const cutOff = oracle.readStarted(OTHER, 'a', false, IN_USE);
    expect(oracle.judge(cutOff, old, ALONE)).toBeUndefined();
  });
});

describe('whatever was heard', () => {
  it('a version that was never written is wrong', () => {
    expect(verdict(OTHER, { id: 'a', version: 3 })).toBe('version 3 of a, which did not exist');
    expect(verdict(OTHER, { id: 'a', version: 0.5 })).toBe('version 0.5 of a, which did not exist');
  });

  it('absence is version 0', () => {
    expect(verdict(OTHER, null)).toBeUndefined();
    oracle.writeResolved(OTHER, old, false);
    expect(verdict(OTHER, null)).toBe('stale: version 0 of a after 1');
  });

  it('the row of another key is wrong', () => {
    expect(verdict(OTHER, database.write('b'))).toBe('the row of b for a');
  });

  it('at the end only the latest version is right', () => {
    expect(oracle.judgeLast('a', fresh)).toBeUndefined();
    expect(oracle.judgeLast('a', old)).toBe(STALE);
  });
});
