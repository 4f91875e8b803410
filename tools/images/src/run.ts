import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

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
  const env = { ...process.env, ...options.env };
  try {
    return (await promisify(execFile)(file, args, { ...options, env, maxBuffer: Infinity })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const tail = `${stdout}${stderr}`.trimEnd().split('\n').slice(-25).join('\n');
    throw new CheckFailedError(`${[file, ...args].join(' ').slice(0, 200)} failed:\n${tail || message}`);
  }
}
