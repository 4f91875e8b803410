import type { MigrationTask } from '@fourfold/sharding';
import { describe, expect, it } from 'vitest';
import { progressText, statusText } from './shards-text.js';

function task(given: Partial<MigrationTask>): MigrationTask {
  const batches = Array.from({ length: 40 }, (_, from) => ({ from, to: from, donor: 'a', receiver: 'b' }));
  return {
    ...{ id: '3', kind: 'add', shard: 'shard-4', plan: { batches }, state: 'copy', wanted: 'run', token: 1 },
    ...{ done: 10, handedOff: 0, rowsTotal: 52_000, rowsCopied: 13_000, mismatches: 0, longestFreezeMs: 0 },
    ...{ error: null, createdAt: new Date(0), stateSince: new Date(0), inStateMs: 4_000 },
    ...given,
  };
}

describe('the progress of a migration', () => {
  it.each<[string, Partial<MigrationTask>]>([
    ['copy (step 3 of 8), [#####...............] 10 of 40 batches, about 12 s left', {}],
    [
      'copy (step 3 of 8), [#####...............] 10 of 40 batches, about 10 min left',
      { inStateMs: 200_000 },
    ],
    ['copy (step 3 of 8), [....................] 0 of 40 batches', { done: 0 }],
    [
      'hand-off (step 6 of 8), [##########..........] 20 of 40 batches',
      { state: 'handed-off', handedOff: 20 },
    ],
    ['planned (step 1 of 8), waits for a worker, pause was asked for', { state: 'planned', wanted: 'pause' }],
    ['purged, done', { state: 'purged' }],
  ])('%s', (text, given) => {
    expect(progressText(task(given))).toBe(text);
  });

  it('is shown with its rows, and with what went wrong', () => {
    expect(statusText(task({ mismatches: 2, error: 'shard-4 is away' }))).toBe(
      [
        'migration 3, add shard-4: copy (step 3 of 8), [#####...............] 10 of 40 batches, about 12 s left',
        '  13,000 rows copied, 52,000 when it was planned; longest freeze 0 ms',
        '  2 slots differed and were copied anew',
        '  last fault: shard-4 is away',
      ].join('\n'),
    );
  });
});
