import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Tally, tallyOf, type VitestReport } from './tally.js';

export interface Check {
  name: string;
  says: string;
  run(): Promise<Tally>;
}

/** A command that is right when its exit code is 0. */
export function commandCheck(name: string, says: string, command: string, args: readonly string[]): Check {
  return {
    name,
    says,
    run: async () =>
      (await exitCodeOf(command, args)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 },
  };
}

/** One of Vitest's projects, counted test by test. */
export function vitestCheck(name: string, says: string): Check {
  return {
    name,
    says,
    run: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fourfold-verify-'));
      const file = join(folder, 'report.json');
      try {
        const exitCode = await exitCodeOf('vitest', [
          'run',
          ...['--project', name],
          ...['--reporter', 'default', '--reporter', 'json', `--outputFile.json=${file}`],
        ]);
        return await readTally(file, exitCode);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function readTally(file: string, exitCode: number): Promise<Tally> {
  try {
    return tallyOf(JSON.parse(await readFile(file, 'utf8')) as VitestReport, exitCode);
  } catch {
    return { passed: 0, failed: 1 }; // it broke before it could report
  }
}

function exitCodeOf(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment() });
    child.once('error', (error) => {
      console.error(`${command} could not be run: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** The project's own commands first, Node 24 among them. */
function environment(): NodeJS.ProcessEnv {
  const bin = join(process.cwd(), 'node_modules', '.bin');
  return { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, NX_DAEMON: 'false' };
}
