import * as proc from './proc.js';

/** Enough to know a process again: its number alone may have gone to a stranger since. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the system's own terms; only ever compared. */
  readonly startTime: string;
}

// Typed here: a package that refers to this one does not read types of JavaScript.
export const hasProc: boolean = proc.hasProc;
export const identify: (pid: number) => ProcessIdentity | undefined = proc.identify;
export const isAlive: (process: ProcessIdentity) => boolean = proc.isAlive;
export const procFile: (pid: number, name: string) => string = proc.procFile;
export const threadFiles: (pid: number, name: string) => string[] = proc.threadFiles;

/** What the process has run so far, user and system; 0 where there is none. */
export function cpuSeconds(pid: number): number {
  // Linux counts in hundredths of a second.
  return (proc.statOf(pid)?.cpuTicks ?? 0) / 100;
}
