import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tailOf } from './log-file.js';
import { UsageError } from './stack-error.js';
import type { StackOptions } from './stack-options.js';

export interface LogRequest {
  /** All nodes when left out. */
  readonly node: string | undefined;
  readonly follow: boolean;
  readonly write: (text: string) => void;
}

/** Prints the end of each log; with `follow`, goes on until this process is ended. */
export async function showLogs(
  { stateDir }: StackOptions,
  { node, follow, write }: LogRequest,
): Promise<void> {
  const folder = join(stateDir, 'logs');
  const names = logNames(folder);
  if (node !== undefined && !names.includes(node)) {
    throw new UsageError(`No log of "${node}" in ${folder}; there is: ${names.join(', ') || 'none yet'}`);
  }
  const chosen = node === undefined ? names : [node];
  if (follow && chosen.length > 0) {
    const files = chosen.map((name) => join(folder, `${name}.log`));
    // `tail -F` also survives a log that is deleted and begun anew.
    const tail = spawn('tail', ['-n', '20', '-F', ...files], { stdio: 'inherit' });
    await new Promise((resolve) => tail.once('close', resolve));
    return;
  }
  for (const name of chosen) {
    if (chosen.length > 1) write(`==> ${name} <==\n`);
    write(`${tailOf(join(folder, `${name}.log`), node === undefined ? 20 : 200)}\n`);
  }
}

function logNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.log'))
      .map((file) => file.slice(0, -'.log'.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
