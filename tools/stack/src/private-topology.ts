import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './port-check.js';
import { RunRecord } from './run-record.js';
import { engineFrom, type StackOptions, stackOptionsFromEnv } from './stack-options.js';
import { Stack } from './stack.js';
import { isOwnStateFolder } from './state-folder.js';
import { portNames, type PortName } from './topology-ports.js';

const folderPrefix = 'fourfold-private-';

/**
 * A topology for one owner, a run of tests or of a bench: its own folder, its own free ports, on the engine of
 * `FOURFOLD_ENGINE`. Nothing of it runs yet.
 */
export async function privateTopology(repoRoot: string): Promise<StackOptions> {
  const stateDir = mkdtempSync(join(tmpdir(), folderPrefix));
  ownerRecord(stateDir).write(process.pid);
  const free = await freePorts(portNames.length);
  const ports = Object.fromEntries(portNames.map((name, index) => [name, free[index]])) as Record<
    PortName,
    number
  >;
  return { repoRoot, stateDir, ports, engine: engineFrom(process.env), prometheus: false, traces: false };
}

/**
 * Stops it and deletes what the stack made; the folder stays if anything else is in it.
 * @throws ForeignFolderError when the stack did not make the folder.
 */
export async function removeTopology(options: StackOptions): Promise<void> {
  const left = await new Stack(options).reset();
  if (left.length === 0) rmdirSync(options.stateDir);
}

/**
 * Takes down what an owner that was killed has left behind: SIGKILL gives a process no chance to clean up, so the next
 * run does.
 */
export async function removeAbandonedTopologies(repoRoot: string, parent = tmpdir()): Promise<void> {
  for (const entry of readdirSync(parent).filter((name) => name.startsWith(folderPrefix))) {
    const stateDir = join(parent, entry);
    // The system's temporary folder is open to all: another user's folder, or a link, must not name what is deleted.
    if (!isOwnStateFolder(stateDir)) continue;
    const owner = ownerRecord(stateDir);
    if (!owner.exists || owner.running() !== undefined) continue;
    await removeTopology(stackOptionsFromEnv({ FOURFOLD_STATE_DIR: stateDir }, repoRoot));
  }
}

function ownerRecord(stateDir: string): RunRecord {
  return new RunRecord(join(stateDir, 'owner.json'));
}
