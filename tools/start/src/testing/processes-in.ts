import { readdirSync, readlinkSync } from 'node:fs';
import { hasProc, procFile } from '@fourfold-tools/stack';

/**
 * Every process that works in `folder` or names it on its command line, recorded anywhere or not. Needs /proc; where
 * there is none the answer is empty.
 */
export function processesIn(folder: string): string[] {
  const numbers = hasProc ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  return numbers.flatMap((pid) => {
    const command = look(() => procFile(Number(pid), 'cmdline').replaceAll('\0', ' ').trim());
    const workingFolder = look(() => readlinkSync(`/proc/${pid}/cwd`));
    return `${workingFolder} ${command}`.includes(folder) ? [`${pid} ${command}`] : [];
  });
}

/** A process may end while it is looked at, or belong to another user. */
function look(at: () => string): string {
  try {
    return at();
  } catch {
    return '';
  }
}
