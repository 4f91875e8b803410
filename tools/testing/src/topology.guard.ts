import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Has the servers of a private topology taken down even when this process gets no chance to do it; see
 * `topology-guard.mjs`. What it gives back dismisses the guard.
 */
export function guardTopology(stateDir: string): () => void {
  const script = fileURLToPath(new URL('../src/topology-guard.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, stateDir], {
    // Away from the terminal's process group: Ctrl-C must not take the guard along.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  return () => child.stdin.end();
}
