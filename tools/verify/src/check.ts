import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { slowestFiles, type Tally, tallyOf, type VitestReport } from './tally.js';

export interface CheckOutcome extends Tally {
  /** For the summary. */
  notes?: readonly string[];
}

export interface Check {
  name: string;
  says: string;
  run(): Promise<CheckOutcome>;
}

/** A command that is right when its exit code is 0. Its output appears when it has ended. */
export function commandCheck(name: string, says: string, command: string, args: readonly string[]): Check {
  return {
    name,
    says,
    run: async () =>
      (await exitCodeOf(command, args, 'buffered')) === 0
        ? { passed: 1, failed: 0 }
        : { passed: 0, failed: 1 },
  };
}

/** All of Vitest's projects that there are with the variables of `env`, counted test by test. */
export function vitestCheck(name: string, says: string, env: Record<string, string> = {}): Check {
  return {
    name,
    says,
    run: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fourfold-verify-'));
      const file = join(folder, 'report.json');
      try {
        const args = ['run', '--reporter', 'default', '--reporter', 'json', `--outputFile.json=${file}`];
        return await readOutcome(file, await exitCodeOf('vitest', args, 'shown', env));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function readOutcome(file: string, exitCode: number): Promise<CheckOutcome> {
  try {
    const report = JSON.parse(await readFile(file, 'utf8')) as VitestReport;
    return { ...tallyOf(report, exitCode), notes: ['The slowest files:', ...slowestFiles(report)] };
  } catch {
    return { passed: 0, failed: 1 }; // it broke before it could report
  }
}

/** @param output whether it is shown as it comes, or when the command has ended */
async function exitCodeOf(
  command: string,
  args: readonly string[],
  output: 'shown' | 'buffered',
  env: Record<string, string> = {},
): Promise<number> {
  const stdout = output === 'shown' ? 'inherit' : 'pipe';
  const { all, exitCode, shortMessage } = await execa(command, args, {
    // The project's own commands first, Node 24 among them.
    preferLocal: true,
    env: { NX_DAEMON: 'false', ...env },
    stdin: 'ignore',
    stdout,
    stderr: stdout,
    all: true,
    reject: false,
  });
  if (all) console.log(all);
  if (exitCode === undefined) console.error(shortMessage);
  return exitCode ?? 1;
}
