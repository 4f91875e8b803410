import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { poll } from './poll.js';
import { StackError } from './stack-error.js';

/** Enough to know a process again: its number alone may have gone to a stranger since. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the system's own terms; only ever compared. */
  readonly startTime: string;
}

const hasProc = existsSync('/proc/self/stat');

/** The process behind `pid` now, or undefined when there is none (a zombie is none: it only waits to be counted). */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = hasProc ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startTime === process.startTime;
}

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

function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command name, in parentheses, may hold spaces and parentheses itself: fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, threads, startTicks] = [fields[0], Number(fields[17]), fields[19]];
  // A killed server with many threads shows as a zombie while the last of them still hold its files and ports.
  const gone = state === 'X' || (state === 'Z' && threads <= 1);
  return gone ? undefined : startTicks;
}

function startTimeFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const line = stdout.trim();
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
}
