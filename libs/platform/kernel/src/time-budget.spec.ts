import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ClientGoneError,
  DeadlineExceededError,
  isGivenUp,
  SharedBudget,
  TimeBudget,
  withinBudget,
} from './time-budget.js';

/** One whose client may go. */
class Request extends TimeBudget {
  gone = false;

  constructor(ms = 1_000) {
    super(performance.now() + ms, () => this.gone);
  }
}

const request = (ms?: number) => new Request(ms);

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] }));
afterEach(async () => {
  // The look that waits share ends.
  vi.advanceTimersByTime(50);
  await turn();
  vi.useRealTimers();
});
const turn = () => new Promise(setImmediate);

describe('a budget', () => {
  it('is over at its deadline, and says so with 503 and what was waited for', () => {
    const budget = request();
    expect(budget.leftMs()).toBe(1_000);
    vi.advanceTimersByTime(998);
    expect([budget.end(), budget.failure()]).toEqual([undefined, undefined]);
    vi.advanceTimersByTime(1);
    expect(budget.end()).toBe('deadline');
    expect(budget.failure(undefined, 'a shard')).toMatchObject({
      code: 'deadline-exceeded',
      status: 503,
      cause: { message: 'a shard' },
    });
  });

  it('stays over, as it ended first', () => {
    const budget = request();
    vi.advanceTimersByTime(1_000);
    expect(budget.end()).toBe('deadline');
    budget.gone = true;
    expect(budget.end()).toBe('deadline');
    const other = request();
    other.gone = true;
    expect(other.end()).toBe('client-gone');
    other.gone = false;
    expect(other.failure()).toBeInstanceOf(ClientGoneError);
  });

  it('makes a new error each time: a driver may mark the one that it was given', () => {
    const budget = request(0);
    expect(budget.failure()).not.toBe(budget.failure());
    expect([budget.failure(), new ClientGoneError(), new Error('x')].map(isGivenUp)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('work that several wait for', () => {
  it('is over when it is over for the last of them', () => {
    const [first, second] = [request(1_000), request(5_000)];
    const shared = new SharedBudget(first);
    shared.join(second);
    expect(shared.leftMs()).toBe(5_000);
    first.gone = true;
    expect(shared.end()).toBeUndefined();
    second.gone = true;
    expect(shared.end()).toBe('client-gone');
  });

  it('is never over while one of them has no limit', () => {
    const first = request();
    const shared = new SharedBudget(first);
    shared.join(undefined);
    first.gone = true;
    expect([shared.end(), shared.leftMs()]).toEqual([undefined, Infinity]);
  });
});

describe('waiting within a budget', () => {
  it('ends as the work does', async () => {
    await expect(withinBudget(Promise.resolve(1), request())).resolves.toBe(1);
    await expect(withinBudget(Promise.reject(new Error('no')), request())).rejects.toThrow('no');
    await expect(withinBudget(Promise.resolve(2), undefined)).resolves.toBe(2);
  });

  it('ends soon after the budget, whatever becomes of the work; others wait on', async () => {
    const work = Promise.withResolvers<string>();
    const [short, gone, long] = [request(100), request(), request()];
    const waits = [short, gone, long].map((budget) => withinBudget(work.promise, budget));
    const settled = Promise.allSettled(waits);
    gone.gone = true;
    vi.advanceTimersByTime(50);
    await turn();
    await expect(waits[1]).rejects.toBeInstanceOf(ClientGoneError);
    vi.advanceTimersByTime(100);
    await turn();
    await expect(waits[0]).rejects.toBeInstanceOf(DeadlineExceededError);
    work.resolve('done');
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });
});
