import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandDeadline, CommandTimeoutError } from './command.deadline.js';

// setImmediate stays real: what it waits for is the event loop.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const command = () => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { promise, resolve, reject };
};

describe('CommandDeadline', () => {
  it('rejects a command that is not answered in time, and no other', async () => {
    const deadline = new CommandDeadline(100);
    const late = command();
    const refused = expect(deadline.watch(late, late.promise)).rejects.toThrow(CommandTimeoutError);
    vi.advanceTimersByTime(60);
    const young = command();
    const answered = deadline.watch(young, young.promise);
    vi.advanceTimersByTime(60);
    await refused;
    young.resolve('v');
    expect(await answered).toBe('v');
    deadline.close();
  });

  it('passes on what the command fails with', async () => {
    const deadline = new CommandDeadline(100);
    const failing = command();
    const failed = expect(deadline.watch(failing, failing.promise)).rejects.toThrow('OOM');
    failing.reject(new Error('OOM'));
    await failed;
    deadline.close();
  });

  it('counts an answer that came while the process was busy', async () => {
    const deadline = new CommandDeadline(100);
    const busy = command();
    const answered = deadline.watch(busy, busy.promise);
    vi.advanceTimersByTime(500); // the timer fires; the sockets are read before it acts
    busy.resolve('v');
    await new Promise(setImmediate);
    expect(await answered).toBe('v');
    deadline.close();
  });
});
