// Plain JavaScript, as `proc.js` is.
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isAlive } from './proc.js';

/** A living process has kept the lock until the deadline. */
export class LockHeldError extends Error {
  /** @override */
  name = 'LockHeldError';
}

/**
 * @typedef {object} LockOptions
 * @property {number} [deadlineMs] How long to wait for a living holder. Default: for as long as it takes.
 * @property {(holderPid: number) => void} [onWait] Called once, when a living holder is waited for.
 */

/**
 * Runs `work` while holding the lock file at `path`: no two processes of this machine are at it at once. A holder that has died
 * loses it.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {LockOptions} [options]
 * @returns {Promise<T>}
 * @throws {LockHeldError}
 */
export async function withLockFile(path, work, { deadlineMs = Infinity, onWait } = {}) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const end = performance.now() + deadlineMs;
  for (let told = false; !tryAcquire(path);) {
    const holder = holderOf(path);
    if (holder !== undefined && !told) onWait?.(holder.pid);
    told ||= holder !== undefined;
    if (performance.now() >= end)
      throw new LockHeldError(
        `Process ${holder?.pid ?? 'that ended just now'} still holds ${path} after ${deadlineMs / 1_000} s; wait for it or end it`,
      );
    await pause(50);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

let attempts = 0;

/** @param {string} path */
function tryAcquire(path) {
  const mine = `${path}.${process.pid}.${attempts++}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)));
  try {
    // A hard link appears whole or not at all: no process can read a lock that does not name its holder yet.
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  reclaimIfAbandoned(path);
  return false;
}

/**
 * @param {string} path
 * @returns {import('./process-identity.js').ProcessIdentity | undefined}
 */
function holderOf(path) {
  try {
    return /** @type {import('./process-identity.js').ProcessIdentity} */ (
      JSON.parse(readFileSync(path, 'utf8'))
    );
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} path */
function abandoned(path) {
  const holder = holderOf(path);
  return holder !== undefined && !isAlive(holder);
}

/**
 * One process at a time may remove a dead holder's lock, or the second would remove the first one's new lock.
 * @param {string} path
 */
function reclaimIfAbandoned(path) {
  if (!abandoned(path)) return;
  const guard = `${path}.reclaim`;
  try {
    writeFileSync(guard, '', { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
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

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;
