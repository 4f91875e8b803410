// Plain JavaScript without a dependency: `tools/bootstrap.mjs` runs it before there is anything installed or built.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** @typedef {import('./process-identity.js').ProcessIdentity} ProcessIdentity */

/**
 * @typedef {object} ProcessStat
 * @property {string} state
 * @property {number} threads
 * @property {number} cpuTicks That it has run so far, user and system, in hundredths of a second.
 * @property {string} startTicks
 */

export const hasProc = existsSync('/proc/self/stat');

/**
 * A file of `/proc/<pid>`.
 * @param {number} pid
 * @param {string} name
 * @throws {Error} where the process has gone or is another user's
 */
export function procFile(pid, name) {
  return readFileSync(`/proc/${pid}/${name}`, 'utf8');
}

/**
 * The same file of each of its threads.
 * @param {number} pid
 * @param {string} name
 */
export function threadFiles(pid, name) {
  return readdirSync(`/proc/${pid}/task`).map((thread) => procFile(pid, `task/${thread}/${name}`));
}

/**
 * What Linux says of a process; undefined where there is none.
 * @param {number} pid
 * @returns {ProcessStat | undefined}
 */
export function statOf(pid) {
  let stat;
  try {
    stat = procFile(pid, 'stat');
  } catch {
    return undefined;
  }
  // The command name, in parentheses, may hold spaces and parentheses itself: fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const number = (/** @type {number} */ field) => Number(fields[field]);
  return {
    state: String(fields[0]),
    threads: number(17),
    cpuTicks: number(11) + number(12),
    startTicks: String(fields[19]),
  };
}

/**
 * The process behind `pid` now, or undefined when there is none (a zombie is none: it only waits to be counted).
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export function identify(pid) {
  const startTime = hasProc ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** @param {ProcessIdentity} process */
export function isAlive(process) {
  return identify(process.pid)?.startTime === process.startTime;
}

/** @param {number} pid */
function startTimeFromProc(pid) {
  const stat = statOf(pid);
  if (stat === undefined) return undefined;
  // A killed server with many threads shows as a zombie while the last of them still hold its files and ports.
  const gone = stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1);
  return gone ? undefined : stat.startTicks;
}

/** @param {number} pid */
function startTimeFromPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const line = stdout.trim();
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
}
