import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Stack } from '@fourfold-tools/stack';
import type { TestProject } from 'vitest/node';
import { privateTopology, removeAbandonedTopologies, removeTopology } from './private-topology.js';
import './provided-topology.js';
import { describeTopology, type TestTopology } from './test-topology.js';

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

interface SharedTopology {
  readonly servers: Promise<{ topology: TestTopology; remove: () => Promise<void> }>;
  users: number;
}

// Vitest loads this file once per project, each time as a module of its own: what they share has to be global.
const shared = globalThis as { [key: symbol]: SharedTopology | undefined };
const key = Symbol.for('fourfold.test-topology');

/**
 * Real servers for the whole run: started by the first project that needs them, stopped by the last. A server that
 * can't be started fails the run; nothing is skipped for want of one.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const current = (shared[key] ??= { servers: startServers(), users: 0 });
  current.users++;
  const { topology, remove } = await current.servers;
  project.provide('topology', topology);
  return async () => {
    current.users--;
    if (current.users > 0) return;
    shared[key] = undefined;
    await remove();
  };
}

async function startServers(): Promise<{ topology: TestTopology; remove: () => Promise<void> }> {
  await removeAbandonedTopologies(repoRoot);
  const options = await privateTopology(repoRoot);
  const dismiss = guard(options.stateDir);
  const remove = async () => {
    await removeTopology(options);
    dismiss();
  };
  try {
    await new Stack(options).up();
  } catch (error) {
    await remove();
    throw error;
  }
  return { topology: describeTopology(options), remove };
}

/** Has the servers taken down even when this process gets no chance to do it; see `topology-guard.mjs`. */
function guard(stateDir: string): () => void {
  const script = fileURLToPath(new URL('topology-guard.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, stateDir], {
    // Away from the terminal's process group: Ctrl-C must not take the guard along.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  return () => child.stdin.end();
}
