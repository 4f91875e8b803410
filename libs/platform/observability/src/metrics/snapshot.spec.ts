import { expect, it, vi } from 'vitest';
import { Snapshot } from './snapshot.js';

function snapshotOf(compute: () => Promise<number>) {
  const clock = { ms: 0 };
  const computed = vi.fn(compute);
  return { clock, computed, snapshot: new Snapshot(computed, 1_000, () => clock.ms) };
}

it('computes once for all who ask within its age, at once or one after the other', async () => {
  const { clock, computed, snapshot } = snapshotOf(async () => 7);
  expect(await Promise.all([snapshot.get(), snapshot.get()])).toEqual([7, 7]);
  clock.ms = 999;
  expect(await snapshot.get()).toBe(7);
  expect(computed).toHaveBeenCalledOnce();
  clock.ms = 1_000;
  await snapshot.get();
  expect(computed).toHaveBeenCalledTimes(2);
});

it('keeps no failure', async () => {
  let fails = true;
  const { snapshot } = snapshotOf(async () => {
    if (fails) throw new Error('no');
    return 7;
  });
  await expect(snapshot.get()).rejects.toThrow('no');
  fails = false;
  expect(await snapshot.get()).toBe(7);
});
