import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const BUFFERED = ['ignore', 'pipe', 'pipe'] as const;
const SHOWN = ['ignore', 'inherit', 'inherit'] as const;

/** A command that is right when its exit code is 0. Its output appears when it has ended. */
export function commandCheck(name: string, says: string, command: string, args: readonly string[]): Check {
  return {
    name,
    says,
    run: async () =>
      (await exitCodeOf(command, args, BUFFERED)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 },
  };
}

/** All of Vitest's projects, counted test by test. */
export function vitestCheck(name: string, says: string): Check {
  return {
    name,
    says,
    run: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fourfold-verify-'));
      const file = join(folder, 'report.json');
      try {
        const args = ['run', '--reporter', 'default', '--reporter', 'json', `--outputFile.json=${file}`];
        return await readOutcome(file, await exitCodeOf('vitest', args, SHOWN));
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

function exitCodeOf(
  command: string,
  args: readonly string[],
  stdio: typeof BUFFERED | typeof SHOWN,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: [...stdio], env: environment() });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => output.push(chunk));
    child.once('error', (error) => {
      console.error(`${command} could not be run: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code ?? 1);
    });
  });
}

/** The project's own commands first, Node 24 among them. */
function environment(): NodeJS.ProcessEnv {
  const bin = join(process.cwd(), 'node_modules', '.bin');
  return { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, NX_DAEMON: 'false' };
}
