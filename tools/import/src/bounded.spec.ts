import { describe, expect, it } from 'vitest';
import { forEachBounded } from './bounded.js';

describe('forEachBounded', () => {
  it('does everything, in order, never more than the limit at once', async () => {
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    await forEachBounded([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      begun.push(item);
      most = Math.max(most, (running += 1));
      await Promise.resolve();
      running -= 1;
    });
    expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('begins nothing after a failure, waits for what is under way, and throws that failure', async () => {
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    let finished = false;
    const outcome = forEachBounded([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('no');
      await gate.promise;
      finished = true;
    });
    gate.resolve();
    await expect(outcome).rejects.toThrow('no');
    expect(begun).toEqual([1, 2]);
    expect(finished).toBe(true);
  });

  it('stops at an abort', async () => {
    const abort = new AbortController();
    const begun: number[] = [];
    const outcome = forEachBounded(
      [1, 2, 3],
      1,
      async (item) => {
        begun.push(item);
        abort.abort(new Error('Ctrl-C'));
      },
      abort.signal,
    );
    await expect(outcome).rejects.toThrow('Ctrl-C');
    expect(begun).toEqual([1]);
  });
});
