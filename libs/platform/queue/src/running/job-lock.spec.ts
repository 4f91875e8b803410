import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JobLock } from './job-lock.js';

const LOCK_MS = 10_000;
/** As often as the jobs in hand are looked at. */
const TEND_MS = 50;

let lock: JobLock;
let tending: NodeJS.Timeout;
let lost: number;
/** How long after its start each extension was asked for. */
let asked: number[];
let startedAt: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
  lost = 0;
  asked = [];
  startedAt = performance.now();
});
afterEach(() => {
  clearInterval(tending);
  vi.useRealTimers();
});

function keep(answer: (question: number) => Promise<boolean>, ageMs = 0): void {
  lock = new JobLock({
    lockMs: LOCK_MS,
    ageMs,
    extend: () => {
      asked.push(performance.now() - startedAt);
      return answer(asked.length);
    },
    onLost: () => (lost += 1),
    now: () => performance.now(),
  });
  tending = setInterval(() => lock.tend(), TEND_MS);
}

const fails = () => Promise.reject(new Error('READONLY'));
const holds = () => Promise.resolve(true);

describe('JobLock', () => {
  it('extends the lock four times in its length, for as long as it is not released', async () => {
    keep(holds);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.slice(0, 3)).toEqual([2_500, 5_000, 7_500]);
    expect(asked).toHaveLength(24);
    expect([lock.isLost, lost]).toEqual([false, 0]);
    lock.release();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(24);
    expect(lock.isLost).toBe(false);
  });

  it('asks again after an extension that failed, and nothing is lost', async () => {
    keep((question) => (question === 1 ? fails() : holds()));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked).toHaveLength(12);
    expect([lock.isLost, lost]).toEqual([false, 0]);
  });

  it('has lost the lock when extensions fail until it must have run out', async () => {
    keep(fails);
    await vi.advanceTimersByTimeAsync(9_999);
    expect([lock.isLost, lost]).toEqual([false, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect([lock.isLost, lost]).toEqual([true, 1]);
  });

  it('has lost it at once when Redis says that it is another’s', async () => {
    keep((question) => Promise.resolve(question < 3));
    await vi.advanceTimersByTimeAsync(7_500);
    expect([lock.isLost, lost]).toEqual([true, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(3);
    expect(lost).toBe(1);
  });

  it('asks a Redis that does not answer once, and has lost the lock when its time is over', async () => {
    keep(() => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(LOCK_MS);
    expect(asked).toHaveLength(1);
    expect(lost).toBe(1);
  });

  it('counts from when an extension was sent, not from when it was answered', async () => {
    let answer = (_held: boolean) => {};
    keep((question) => (question === 1 ? new Promise((resolve) => (answer = resolve)) : fails()));
    await vi.advanceTimersByTimeAsync(7_000);
    answer(true); // sent at 2,500: good until 12,500
    await vi.advanceTimersByTimeAsync(5_499);
    expect(lock.isLost).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(lock.isLost).toBe(true);
  });

  it('counts what has passed since the lock was taken', async () => {
    keep(fails, 8_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(lock.isLost).toBe(true);
  });

  it('knows by the clock, before any timer has run, that it stood still for too long', () => {
    keep(holds);
    vi.setSystemTime(Date.now() + 1); // a wall clock that moves means nothing
    expect(lock.isLost).toBe(false);
    const now = performance.now() + LOCK_MS;
    vi.spyOn(performance, 'now').mockReturnValue(now);
    expect(lock.isLost).toBe(true);
    vi.restoreAllMocks();
  });
});
