import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ShardBreaker } from './shard.breaker.js';

const RETRY_AFTER_MS = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A shard that answers or does not, at the test's word; `answer` may also hang. */
function breaker() {
  const shard = { answer: async (): Promise<void> => {}, probes: 0, opened: 0 };
  const made = new ShardBreaker(
    () => {
      shard.probes += 1;
      return shard.answer();
    },
    RETRY_AFTER_MS,
    () => (shard.opened += 1),
  );
  return { shard, breaker: made };
}
const away = () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('ShardBreaker', () => {
  it('opens when a suspicion is confirmed by two probes, and says when it tries again', async () => {
    const { shard, breaker: tested } = breaker();
    shard.answer = away;
    expect(tested.refusal).toBeUndefined();
    tested.suspect();
    await settle();
    expect(shard).toMatchObject({ probes: 2, opened: 1 });
    expect(tested.state).toBe('open');
    await vi.advanceTimersByTimeAsync(400);
    expect(tested.refusal).toMatch(/breaker is open \(ECONNREFUSED\), and it is tried again in 600 ms/);
  });

  it.each([
    ['answers', 0],
    ['answers at the second probe', 1],
  ])('stays closed, whatever calls say, when the shard %s', async (_title, lost) => {
    const { shard, breaker: tested } = breaker();
    shard.answer = () => (shard.probes <= lost ? away() : Promise.resolve());
    for (let n = 0; n < 20; n += 1) tested.suspect();
    await settle();
    expect(tested.state).toBe('closed');
    expect(shard).toMatchObject({ probes: lost + 1, opened: 0 });
  });

  it('takes the word of a probe for a moment: faults that go on do not make one after another', async () => {
    const { shard, breaker: tested } = breaker();
    for (let n = 0; n < 100; n += 1) {
      tested.suspect();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(shard.probes).toBeLessThanOrEqual(10);
    shard.answer = away;
    await vi.advanceTimersByTimeAsync(100);
    tested.suspect();
    await settle();
    expect(tested.state).toBe('open');
  });

  it('tries once every second while the shard is away, and closes by itself when it answers', async () => {
    const { shard, breaker: tested } = breaker();
    shard.answer = away;
    tested.suspect();
    await settle();
    await vi.advanceTimersByTimeAsync(5 * RETRY_AFTER_MS);
    expect(shard).toMatchObject({ probes: 2 + 5, opened: 1 + 5 });
    shard.answer = async () => {};
    await vi.advanceTimersByTimeAsync(RETRY_AFTER_MS);
    expect(tested.state).toBe('closed');
    expect(tested.refusal).toBeUndefined();
  });

  it('is half-open while it tries, and lets no caller wait', async () => {
    const { shard, breaker: tested } = breaker();
    shard.answer = away;
    tested.suspect();
    await settle();
    let answer = (): void => {};
    shard.answer = () => new Promise((resolve) => (answer = resolve));
    await vi.advanceTimersByTimeAsync(RETRY_AFTER_MS);
    expect(tested.state).toBe('half-open');
    expect(tested.refusal).toMatch(/is being tried/);
    tested.suspect();
    expect(shard.probes).toBe(3);
    answer();
    await settle();
    expect(tested.state).toBe('closed');
  });

  it('tries again in a second of real time when the wall clock steps back an hour', async () => {
    const { shard, breaker: tested } = breaker();
    shard.answer = away;
    tested.suspect();
    await settle();
    vi.setSystemTime(Date.now() - 3_600_000);
    shard.answer = async () => {};
    await vi.advanceTimersByTimeAsync(RETRY_AFTER_MS);
    expect(tested.state).toBe('closed');
  });

  it('probes no more once it has ended', async () => {
    const { shard, breaker: tested } = breaker();
    shard.answer = away;
    tested.suspect();
    await settle();
    tested.end();
    await vi.advanceTimersByTimeAsync(10 * RETRY_AFTER_MS);
    tested.suspect();
    await settle();
    expect(shard.probes).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
