import { identify, isAlive, isPortFree, type ProcessIdentity, Stack } from '@fourfold-tools/stack';
import type { FreshClone } from './fresh-clone.js';
import { processesIn } from './processes-in.js';

/** Every process that the run records of a clone name now. */
export function recordedProcesses({ options }: FreshClone): ProcessIdentity[] {
  const pids = new Stack(options).status().flatMap(({ pid }) => pid ?? []);
  return pids.flatMap((pid) => identify(pid) ?? []);
}

/** What is still there after the end: of `processes`, of the clone's processes at large, of its ports. */
export async function leftBehind(clone: FreshClone, processes: readonly ProcessIdentity[]) {
  const ports = Object.entries(clone.options.ports);
  const taken = await Promise.all(
    ports.map(async ([name, port]) => ((await isPortFree(port)) ? [] : `${name} ${port}`)),
  );
  return { recorded: processes.filter(isAlive), others: processesIn(clone.dir), ports: taken.flat() };
}

export const nothing: Awaited<ReturnType<typeof leftBehind>> = { recorded: [], others: [], ports: [] };
