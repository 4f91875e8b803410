import { describe, expect, it } from 'vitest';
import { RestartBackOff } from './restart.back-off.js';

describe('RestartBackOff', () => {
  it('doubles from half a second and stays at ten seconds', () => {
    const backOff = new RestartBackOff();
    const waits = Array.from({ length: 7 }, () => backOff.next(100));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('begins again once an app has been up for thirty seconds', () => {
    const backOff = new RestartBackOff();
    const upMs = [0, 0, 0, 29_999, 30_000, 0];
    expect(upMs.map((up) => backOff.next(up))).toEqual([500, 1_000, 2_000, 4_000, 500, 1_000]);
  });

  it('never overflows, however often an app dies', () => {
    const backOff = new RestartBackOff();
    for (let death = 0; death < 2_000; death++) backOff.next(0);
    expect(backOff.next(0)).toBe(10_000);
  });
});
