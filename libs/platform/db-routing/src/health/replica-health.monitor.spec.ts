import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchedNode } from '../testing/watched-node.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const gaps = (moments: readonly number[]) =>
  moments.slice(1).map((at, index) => Math.round(at - moments[index]!));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the time between two probes', () => {
  it.each([
    ['the lowest draw: a fifth less', 0, 1_600],
    ['the middle one', 0.5, 2_000],
    ['the highest one: a fifth more', 1 - Number.EPSILON, 2_400],
  ])('is 2 s ± 20%%: %s', async (_title, draw, gapMs) => {
    const { monitor, begun } = watchedNode(() => draw);
    await monitor.start();
    await pass(3 * gapMs + 5);
    expect(gaps(begun)).toEqual([gapMs, gapMs, gapMs]);
    monitor.stop();
  });

  it('is 100 ms while the replica is suspect, and 2 s again when that is over, one way or the other', async () => {
    const { monitor, begun, find, health } = watchedNode();
    await monitor.start();
    find({ failed: 'no answer' });
    await pass(2_000 + 200);
    expect(gaps(begun)).toEqual([2_000, 100, 100]);
    expect(health.state).toBe('ejected');
    await pass(2_000);
    expect(gaps(begun).at(-1)).toBe(2_000);
    monitor.stop();
  });
});

describe('a suspicion', () => {
  it('has the replica probed at once, and the next probe 2 s after that', async () => {
    const { monitor, begun, suspect } = watchedNode();
    await monitor.start();
    await pass(700);
    suspect();
    await pass(2_000);
    expect(gaps(begun)).toEqual([700, 2_000]);
    monitor.stop();
  });

  it('that does not end has it probed no more often than every 500 ms', async () => {
    const { monitor, begun, suspect } = watchedNode();
    await monitor.start();
    const complaining = setInterval(suspect, 10);
    await pass(3_000);
    clearInterval(complaining);
    expect(Math.min(...gaps(begun))).toBeGreaterThanOrEqual(500);
    expect(begun.length).toBe(7);
    monitor.stop();
  });

  it('begins no second probe while one is under way', async () => {
    const { monitor, begun, suspect, find, answers } = watchedNode();
    await monitor.start();
    find(undefined);
    await pass(2_000);
    for (let turn = 0; turn < 5; turn += 1) {
      suspect();
      await pass(600);
    }
    expect(begun.length).toBe(2);
    answers[0]?.open({ result: { lagMs: 0 } });
    await pass(2_000);
    expect(begun.length).toBe(3);
    monitor.stop();
  });
});

describe('a monitor that is stopped', () => {
  it('probes no more, and what a probe under way finds changes nothing', async () => {
    const { monitor, begun, find, answers, suspect, health } = watchedNode();
    await monitor.start();
    find(undefined);
    await pass(2_000);
    monitor.stop();
    answers[0]?.open({ result: { lagMs: 60_000 } });
    suspect();
    await pass(10_000);
    expect(begun.length).toBe(2);
    expect(health.state).toBe('healthy');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('while it starts, does not begin to watch', async () => {
    const { monitor, begun, find, answers } = watchedNode();
    find(undefined);
    const starting = monitor.start();
    await pass(0);
    monitor.stop();
    answers[0]?.open({ result: { lagMs: 0 } });
    await starting;
    await pass(10_000);
    expect(begun.length).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
