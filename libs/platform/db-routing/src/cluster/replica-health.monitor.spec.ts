import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PoolExhaustedError } from '../errors.js';
import { counted } from '../testing/outage.fixture.js';
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

describe('a probe that breaks off', () => {
  it('is a failed one, and the next comes all the same', async () => {
    const { monitor, begun, node, health } = watchedNode();
    await monitor.start();
    const run = vi.spyOn(node.probe, 'run').mockRejectedValueOnce(new Error('a mistake'));
    await pass(2_000);
    expect(health.state).toBe('suspect');
    await pass(100);
    expect([run.mock.calls.length, begun.length, health.state]).toEqual([2, 2, 'healthy']);
    monitor.stop();
  });

  it('over a position that can not be learnt, three times in a row, ejects: its lag is not followed any more', async () => {
    const { monitor, node, positions, health, suspect } = watchedNode();
    await monitor.start();
    vi.spyOn(node.probe, 'run').mockResolvedValue({ result: { lagMs: 0 }, position: 'odd' });
    positions.learn = () => {
      throw new RangeError('odd');
    };
    await pass(2_200);
    expect([health.state, health.ejectionReason]).toEqual(['ejected', 'unreachable']);
    positions.learn = () => {};
    suspect();
    await pass(2_000);
    expect(health.state).not.toBe('suspect');
    monitor.stop();
  });

  it('over its result leaves the replica watched, also when traffic suspects it', async () => {
    const { monitor, begun, health, suspect } = watchedNode();
    await monitor.start();
    vi.spyOn(health, 'record').mockImplementationOnce(() => {
      throw new Error('a mistake');
    });
    await pass(2_000);
    await pass(600);
    suspect();
    expect(begun.length).toBe(3);
    await pass(2_000);
    expect(begun.length).toBe(4);
    monitor.stop();
  });
});

describe('a trial that gets no connection because others have them all', () => {
  const busy = new PoolExhaustedError('replica-1', 1_000);
  const outOfTime = new Error('replica-1 did not answer within 1000 ms');

  it.each([
    ['its line is full', busy, 0],
    ['none comes free in time', outOfTime, 2],
  ])('is no failed one; the next probe tries again: %s', async (_title, error, used) => {
    const { monitor, find, health, trial } = watchedNode();
    await monitor.start();
    find({ lagMs: 8_000 });
    await pass(2_000);
    expect([health.state, health.ejectionReason]).toEqual(['ejected', 'lagging']);
    find({ lagMs: 0 });
    trial.error = error;
    trial.stats.used = used;
    await pass(6_000);
    expect([health.state, health.ejectionReason]).toEqual(['probing', 'lagging']);
    trial.error = null;
    await pass(2_000);
    expect(health.state).toBe('slow-start');
    monitor.stop();
  });

  it('while a connection was to be had, is a failed one', async () => {
    const { monitor, find, health, trial } = watchedNode();
    await monitor.start();
    find({ lagMs: 8_000 });
    await pass(2_000);
    find({ lagMs: 0 });
    trial.error = outOfTime;
    await pass(4_000);
    expect([health.state, health.ejectionReason]).toEqual(['ejected', 'unreachable']);
    monitor.stop();
  });
});

it('heartbeats that the primary does not take are counted', async () => {
  register.resetMetrics();
  const { monitor } = watchedNode();
  await monitor.start();
  await pass(2_500);
  expect(await counted('db_heartbeat_failures_total')).toEqual({ '': 3 });
  monitor.stop();
});
