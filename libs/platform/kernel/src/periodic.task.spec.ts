import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeriodicTask, type PeriodicTaskOptions } from './periodic.task.js';

const lines: string[] = [];
const log = {
  log: (message: string) => void lines.push(message),
  error: (_detail: object, message: string) => void lines.push(message),
};
const taskOf = (options: Pick<PeriodicTaskOptions, 'run'> & Partial<PeriodicTaskOptions>): PeriodicTask =>
  new PeriodicTask({ name: 'Cleaning', everyMs: 1_000, log, ...options });

describe('PeriodicTask', () => {
  beforeEach(() => {
    lines.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it('runs at once, and then as long after the end of each round as it was told', async () => {
    const run = vi.fn();
    const task = taskOf({ run });
    task.start();
    task.start();
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(run).toHaveBeenCalledTimes(3);
    await task.stop();
  });

  it('waits for the first round when it is told to', async () => {
    const run = vi.fn();
    const task = taskOf({ run, firstAfterMs: 300 });
    task.start();
    await vi.advanceTimersByTimeAsync(299);
    expect(run).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(run).toHaveBeenCalledTimes(1);
    await task.stop();
  });

  it('lets a round say when the next one comes', async () => {
    const run = vi.fn(() => 50);
    const task = taskOf({ run });
    task.start();
    await vi.advanceTimersByTimeAsync(150);
    expect(run).toHaveBeenCalledTimes(4);
    await task.stop();
  });

  it('shortens each rest by up to its jitter', async () => {
    const run = vi.fn();
    const task = taskOf({ run, jitter: 0.4, random: () => 0.5 });
    task.start();
    await vi.advanceTimersByTimeAsync(799);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(run).toHaveBeenCalledTimes(2);
    await task.stop();
  });

  it('never runs two rounds at once: when it is woken meanwhile, one more follows', async () => {
    const round = Promise.withResolvers<void>();
    const run = vi.fn(() => round.promise);
    const task = taskOf({ run });
    task.start();
    task.wake();
    task.wake();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(run).toHaveBeenCalledTimes(1);
    round.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(run).toHaveBeenCalledTimes(2);
    await task.stop();
  });

  it('waits as long as it was told to after a round that failed', async () => {
    const run = vi.fn(() => Promise.reject(new Error('no answer')));
    const task = taskOf({ run, retryMs: 3_000 });
    task.start();
    await vi.advanceTimersByTimeAsync(2_999);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(run).toHaveBeenCalledTimes(2);
    await task.stop();
  });

  it('runs in the context that it was made in, whatever wakes it', async () => {
    const scope = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const task = scope.run('made', () => taskOf({ run: () => void seen.push(scope.getStore()) }));
    scope.run('starts', () => task.start());
    await vi.advanceTimersByTimeAsync(1);
    scope.run('wakes', () => task.wake());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual(['made', 'made', 'made']);
    await task.stop();
  });

  it('stops when the round in hand is over, and starts none after it', async () => {
    const round = Promise.withResolvers<void>();
    const run = vi.fn((_stopping: AbortSignal) => round.promise);
    const task = taskOf({ run });
    task.start();
    let stopped = false;
    void task.stop().then(() => (stopped = true));
    expect(run.mock.calls[0]![0].aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(stopped).toBe(false);
    round.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(stopped).toBe(true);
    task.wake();
    task.start();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('does not wait for a round that hangs for longer than its deadline', async () => {
    const task = taskOf({ run: () => new Promise<void>(() => {}), stopMs: 500 });
    task.start();
    let stopped = false;
    void task.stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(500);
    expect(stopped).toBe(true);
  });

  it('goes on after a failure, and logs when it begins, once a minute, and when it ends', async () => {
    let broken = true;
    const task = taskOf({
      run: () => {
        if (broken) throw new Error('no answer');
      },
    });
    task.start();
    await vi.advanceTimersByTimeAsync(59_500);
    expect(lines).toEqual(['Cleaning failed; retrying']);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(lines).toHaveLength(2);
    broken = false;
    await vi.advanceTimersByTimeAsync(1_500);
    expect(lines.at(-1)).toBe('Cleaning works again, after 62 s');
    await task.stop();
  });

  it('says nothing of a round that its stop broke off', async () => {
    const task = taskOf({
      run: (stopping) =>
        new Promise((_resolve, reject) =>
          stopping.addEventListener('abort', () => reject(new Error('stopped'))),
        ),
    });
    task.start();
    await task.stop();
    expect(lines).toEqual([]);
  });
});
