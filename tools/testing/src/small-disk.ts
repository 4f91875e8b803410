import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** For reading alone, or for both again. */
  remount(mode: 'ro' | 'rw'): void;
  remove(): void;
}

/**
 * A file system of so many kilobytes, below a folder: what it is to be full, or read-only. Only root can make one.
 * @param parent that is there
 */
export async function smallDisk(parent: string, kilobytes: number): Promise<SmallDisk> {
  const folder = join(parent, 'small');
  await mkdir(folder);
  const run = (...command: string[]) => {
    const [file = '', ...rest] = [...(process.getuid?.() === 0 ? [] : ['sudo', '-n']), ...command];
    execFileSync(file, rest);
  };
  run('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k,mode=777`, 'tmpfs', folder);
  return {
    folder,
    remount: (mode) => run('mount', '-o', `remount,${mode}`, folder),
    remove: () => run('umount', '-l', folder),
  };
}
