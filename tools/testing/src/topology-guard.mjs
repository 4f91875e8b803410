// Outlives a test run that is ended without its teardown (Vitest leaves a millisecond after Ctrl-C, SIGKILL none at
// all): once its standard input closes, because its parent has gone, it kills what runs in the state folder named as
// its argument and deletes the folder. Plain JavaScript: it has to run as it stands, without a build.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '@fourfold-tools/stack/proc';

const stateDir = process.argv[2];

function killAll(folder) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const server = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    // A record may be old, and its number a stranger's by now.
    if (!isAlive(server)) continue;
    try {
      // Every server leads a process group of its own.
      process.kill(-server.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

process.stdin.resume().on('close', () => {
  try {
    killAll(join(stateDir, 'run'));
  } catch (error) {
    // After an orderly teardown there is nothing left to do.
    if (error.code !== 'ENOENT') throw error;
  }
  rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
