import { execa } from 'execa';

/** A step of the check that did not do what it should; the message says what the program said. */
export class CheckFailedError extends Error {}

/**
 * Runs a program and gives its standard output.
 * @throws CheckFailedError with the end of what it printed
 */
export async function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const ran = await execa(file, args, { ...options, all: true, reject: false });
  if (!ran.failed) return ran.stdout;
  // A program that could not be run has no output, not even an empty one.
  const tail = ran.exitCode === undefined ? '' : ran.all.split('\n').slice(-25).join('\n');
  throw new CheckFailedError(
    `${[file, ...args].join(' ').slice(0, 200)} failed:\n${tail || ran.shortMessage}`,
  );
}
