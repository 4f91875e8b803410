import { execa } from 'execa';

export interface ProgramOptions {
  cwd?: string;
  /** Its whole environment. Default: that of this process. */
  env?: Record<string, string>;
  /** Default `ignore`. */
  stderr?: 'ignore' | 'inherit';
}

/**
 * A program that runs until it is ended, by `kill()` (SIGKILL, unless another signal is named), and goes when this process
 * ends in any way but by SIGKILL. Awaited, it settles when the program has ended, and never rejects.
 */
export function runningProgram(
  file: string,
  args: readonly string[],
  { cwd = process.cwd(), env, stderr = 'ignore' }: ProgramOptions = {},
) {
  return execa(file, args, {
    cwd,
    env: env ?? {},
    extendEnv: env === undefined,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr,
    reject: false,
    killSignal: 'SIGKILL',
    // A server may take its time to finish what it has in hand.
    forceKillAfterDelay: false,
  });
}

export type RunningProgram = ReturnType<typeof runningProgram>;
