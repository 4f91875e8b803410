// Outlives a test run that is ended without its teardown (Vitest leaves a millisecond after Ctrl-C, SIGKILL none at
// all): once its standard input closes, because its parent has gone, it kills what runs in the state folder named as
// its argument and deletes the folder. Plain JavaScript: it has to run as it stands, without a build.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const stateDir = process.argv[2];

function killAll(folder) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { pid, startTime } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    if (!isSame(pid, startTime)) continue;
    try {
      // Every server leads a process group of its own.
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** A record may be old, and its number a stranger's by now; see `process-identity.ts` of the stack. */
function isSame(pid, startTime) {
  if (!existsSync('/proc/self/stat')) return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] === startTime;
  } catch {
    return false;
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
