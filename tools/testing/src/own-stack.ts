import { fileURLToPath } from 'node:url';
import {
  privateTopology,
  removeTopology,
  type ServerNode,
  Stack,
  type StackOptions,
  topologyServers,
} from '@fourfold-tools/stack';
import { guardTopology } from './topology.guard.js';

export const repoRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Servers of this process's own, running. */
export interface OwnStack {
  readonly options: StackOptions;
  readonly stack: Stack;
  /** Stops them and deletes what they kept. */
  remove(): Promise<void>;
}

/**
 * Starts the servers of a private topology that `wanted` chooses. They go when `remove` is called, and also when this
 * process ends in any other way.
 * @throws StackError when one can't be started; nothing is left running then.
 */
export async function startOwnStack(wanted: (server: ServerNode) => boolean = () => true): Promise<OwnStack> {
  const options = await privateTopology(repoRoot);
  const dismissGuard = guardTopology(options.stateDir);
  const stack = new Stack(options, () => {}, topologyServers(options).filter(wanted));
  const remove = async (): Promise<void> => {
    await removeTopology(options);
    dismissGuard();
  };
  try {
    await stack.up();
  } catch (error) {
    await remove();
    throw error;
  }
  return { options, stack, remove };
}
