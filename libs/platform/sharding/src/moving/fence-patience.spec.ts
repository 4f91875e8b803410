import { describe, expect, it } from 'vitest';
import { FencePatience } from './fence-patience.js';

describe('the patience of a change of fences', () => {
  it('doubles up to a third of a write’s time while changes are given up, and falls slowly after one', async () => {
    const patience = new FencePatience();
    const given: number[] = [];
    const change = (isMade: boolean) =>
      patience
        .run(async (deadlineMs) => {
          given.push(deadlineMs);
          if (!isMade) throw new Error('late');
        })
        .catch(() => {});
    for (const isMade of [true, false, false, false, false, false, false, true, true, true])
      await change(isMade);
    expect(given).toEqual([200, 200, 400, 800, 1_600, 3_200, 3_200, 3_200, 2_560, 2_048]);
  });
});
