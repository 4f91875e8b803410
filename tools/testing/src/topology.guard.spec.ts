import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, RunRecord, stateLayout } from '@fourfold-tools/stack';
import { expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { guardTopology } from './topology.guard.js';

it('kills what runs in the folder, frozen or not, and deletes it, once its owner no longer holds it', async () => {
  // Not one of the prefix that belongs to private topologies: those are cleaned up by other runs, too.
  const stateDir = mkdtempSync(join(tmpdir(), 'fourfold-guard-'));
  const release = guardTopology(stateDir);
  const servers = ['frozen', 'well'].map((name) => {
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    return new RunRecord(stateLayout({ stateDir }).runRecord(name)).write(child.pid!)!;
  });
  process.kill(servers[0]!.pid, 'SIGSTOP');
  expect(servers.map(isAlive)).toEqual([true, true]);
  // What the system does when the owner dies: it closes the guard's standard input.
  release();
  await eventually(() => !servers.some(isAlive));
  await eventually(() => !existsSync(stateDir));
});
