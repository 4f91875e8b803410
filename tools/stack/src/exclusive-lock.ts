import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { poll } from './poll.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';
import { StackError } from './stack-error.js';

/**
 * Runs `work` while holding the lock file at `path`, so that two commands never change one topology at once. A
 * holder that has died loses it.
 * @throws StackError when a living holder keeps it for `deadlineMs`.
 */
export async function withExclusiveLock<T>(
  path: string,
  work: () => Promise<T>,
  { deadlineMs = 120_000, onWait }: { deadlineMs?: number; onWait?: (holderPid: number) => void } = {},
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  const acquired = await poll(
    () => {
      if (tryAcquire(path)) return true;
      const holder = holderOf(path);
      if (holder !== undefined && !told) onWait?.(holder.pid);
      told ||= holder !== undefined;
      return false;
    },
    { deadlineMs, everyMs: 50 },
  );
  if (!acquired) {
    const holder = holderOf(path)?.pid ?? 'that ended just now';
    throw new StackError(
      `Process ${holder} still holds ${path} after ${deadlineMs / 1_000} s; wait for it or end it`,
    );
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

let attempts = 0;

function tryAcquire(path: string): boolean {
  const mine = `${path}.${process.pid}.${attempts++}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)));
  try {
    // A hard link appears whole or not at all: no process can read a lock that does not name its holder yet.
    linkSync(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  reclaimIfAbandoned(path);
  return false;
}

function holderOf(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function abandoned(path: string): boolean {
  const holder = holderOf(path);
  return holder !== undefined && !isAlive(holder);
}

/** One process at a time may remove a dead holder's lock, or the second would remove the first one's new lock. */
function reclaimIfAbandoned(path: string): void {
  if (!abandoned(path)) return;
  const guard = `${path}.reclaim`;
  try {
    writeFileSync(guard, '', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const since = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > 10_000) rmSync(guard, { force: true });
    return;
  }
  try {
    if (abandoned(path)) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}
