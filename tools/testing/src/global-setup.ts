import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { engineFrom, installMysql, removeAbandonedTopologies, tailOf } from '@fourfold-tools/stack';
import { type OwnStack, repoRoot, startOwnStack } from './own-stack.js';
import './provided-topology.js';
import { describeTopology, type TestTopology } from './test-topology.js';

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
  if (engineFrom(process.env) === 'mysql') await installMysql(repoRoot, (line) => console.log(line));
  const own = await startOwnStack();
  const remove = () => {
    reportEnded(own);
    return own.remove();
  };
  return { topology: describeTopology(own.options), remove };
}

/** No test stops a shared server: one that has ended crashed, and every test after that failed for it. */
function reportEnded({ stack, options }: OwnStack): void {
  for (const { name, kind, state } of stack.status()) {
    if (kind === 'app' || state === 'running') continue;
    const log = tailOf(join(options.stateDir, 'logs', `${name}.log`), 100);
    console.error(
      `${name} ended by itself during the run, and tests failed for it. The end of its log:\n${log}`,
    );
  }
}
