import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandDeadline, CommandTimeoutError } from './command-deadline.js';

// setImmediate stays real: what it waits for is the event loop.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** As ioredis has them. */
function command() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const made = {
    promise,
    isResolved: false,
    reject,
    resolve(reply: string) {
      made.isResolved = true;
      resolve(reply);
    },
  };
  return made;
}

describe('CommandDeadline', () => {
  it('rejects a command that is not answered in time, and no other', async () => {
    const deadline = new CommandDeadline(100);
    const late = command();
    deadline.watch(late);
    const refused = expect(late.promise).rejects.toThrow(CommandTimeoutError);
    vi.advanceTimersByTime(60);
    const young = command();
    deadline.watch(young);
    const answered = young.promise;
    vi.advanceTimersByTime(60);
    await refused;
    young.resolve('v');
    expect(await answered).toBe('v');
    deadline.close();
  });

  it('lets a command that has failed keep its own error', async () => {
    const deadline = new CommandDeadline(100);
    const failing = command();
    deadline.watch(failing);
    const failed = expect(failing.promise).rejects.toThrow('OOM');
    failing.reject(new Error('OOM'));
    vi.advanceTimersByTime(200);
    await new Promise(setImmediate);
    await failed;
    deadline.close();
  });

  it('counts an answer that came while the process was busy', async () => {
    const deadline = new CommandDeadline(100);
    const busy = command();
    deadline.watch(busy);
    const answered = busy.promise;
    vi.advanceTimersByTime(500); // the timer fires; the sockets are read before it acts
    busy.resolve('v');
    await new Promise(setImmediate);
    expect(await answered).toBe('v');
    deadline.close();
  });
});
