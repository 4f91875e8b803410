import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './port-check.js';
import { RunRecord } from './run-record.js';
import { type StackOptions, stackOptionsFromEnv } from './stack-options.js';
import { Stack } from './stack.js';
import { portNames, type PortName } from './topology-ports.js';

const folderPrefix = 'fourfold-private-';

/** A topology for one owner, a run of tests or of a bench: its own folder, its own free ports. Nothing of it runs yet. */
export async function privateTopology(repoRoot: string): Promise<StackOptions> {
  const stateDir = mkdtempSync(join(tmpdir(), folderPrefix));
  ownerRecord(stateDir).write(process.pid);
  const free = await freePorts(portNames.length);
  const ports = Object.fromEntries(portNames.map((name, index) => [name, free[index]])) as Record<
    PortName,
    number
  >;
  return { repoRoot, stateDir, ports, prometheus: false };
}

export async function removeTopology(options: StackOptions): Promise<void> {
  await new Stack(options).down();
  rmSync(options.stateDir, { recursive: true, force: true });
}

/**
 * Takes down what an owner left behind that was itself killed: SIGKILL gives nobody a chance to clean up, so the
 * next run does.
 */
export async function removeAbandonedTopologies(repoRoot: string): Promise<void> {
  for (const entry of readdirSync(tmpdir()).filter((name) => name.startsWith(folderPrefix))) {
    const stateDir = join(tmpdir(), entry);
    const owner = ownerRecord(stateDir);
    if (!owner.exists || owner.running() !== undefined) continue;
    await removeTopology(stackOptionsFromEnv({ FOURFOLD_STATE_DIR: stateDir }, repoRoot));
  }
}

function ownerRecord(stateDir: string): RunRecord {
  return new RunRecord(join(stateDir, 'owner.json'));
}
