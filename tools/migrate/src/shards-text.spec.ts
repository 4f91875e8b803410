import type { MigrationDetail, StepProgress } from '@fourfold/sharding';
import { describe, expect, it } from 'vitest';
import { progressText, statusText } from './shards-text.js';

const copying: StepProgress = { step: 3, steps: 8, done: 10, of: 40, etaMs: 12_000 };

function migration(given: Partial<MigrationDetail>): MigrationDetail {
  return {
    ...{ id: '3', kind: 'add', shard: 'shard-4', state: 'copy', wanted: 'run', batches: 40, handedOff: 0 },
    ...{ progress: copying, rowsTotal: 52_000, rowsCopied: 13_000, mismatches: 0, longestFreezeMs: 0 },
    ...{ error: null, createdAt: new Date(0), stateSince: new Date(0), logRows: 1_204 },
    ...given,
  };
}

describe('the progress of a migration', () => {
  it.each<[string, Partial<MigrationDetail>]>([
    ['copy (step 3 of 8), [#####...............] 10 of 40 batches, about 12 s left', {}],
    [
      'copy (step 3 of 8), [#####...............] 10 of 40 batches, about 10 min left',
      { progress: { ...copying, etaMs: 600_000 } },
    ],
    [
      'copy (step 3 of 8), [....................] 0 of 40 batches',
      { progress: { ...copying, done: 0, etaMs: null } },
    ],
    [
      'hand-off (step 6 of 8), [##########..........] 20 of 40 batches, about 3 s left',
      { state: 'handed-off', progress: { ...copying, step: 6, done: 20, etaMs: 2_500 } },
    ],
    [
      'planned (step 1 of 8), waits for a worker, pause was asked for',
      { state: 'planned', wanted: 'pause', progress: { ...copying, step: 1 } },
    ],
    ['rolling-back, slots are handed back', { state: 'rolling-back', progress: { ...copying, step: null } }],
    ['purged, done', { state: 'purged', progress: null }],
  ])('%s', (text, given) => {
    expect(progressText(migration(given))).toBe(text);
  });

  it('is shown with its rows, and with what went wrong', () => {
    expect(statusText(migration({ mismatches: 2, error: 'shard-4 is away' }))).toBe(
      [
        'migration 3, add shard-4: copy (step 3 of 8), [#####...............] 10 of 40 batches, about 12 s left',
        '  13,000 rows copied, 52,000 when it was planned; longest freeze 0 ms; 1,204 writes wait in logs',
        '  2 slots differed and were copied anew',
        '  last fault: shard-4 is away',
      ].join('\n'),
    );
  });
});
