import { poll } from './poll.js';
import { isAlive, type ProcessIdentity } from './process-identity.js';
import { StackError } from './stack-error.js';

/**
 * SIGTERM, and once `graceMs` have passed SIGKILL; 0 means SIGKILL at once. True when it went by itself.
 * @throws StackError when even SIGKILL does not end it.
 */
export async function endProcess(target: ProcessIdentity, graceMs: number): Promise<boolean> {
  if (graceMs > 0) {
    send(target, target.pid, 'SIGTERM');
    if (await poll(() => !isAlive(target), { deadlineMs: graceMs })) return true;
  }
  // Every server leads a process group of its own: what it has forked goes with it.
  send(target, -target.pid, 'SIGKILL');
  send(target, target.pid, 'SIGKILL');
  if (await poll(() => !isAlive(target), { deadlineMs: 10_000 })) return false;
  throw new StackError(
    `Process ${target.pid} does not end, not even by SIGKILL; see what it waits for (ps, dmesg)`,
  );
}

/** Never reaches another process that got the number meanwhile; one that has gone already is fine. */
function send(target: ProcessIdentity, address: number, signal: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(address, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
