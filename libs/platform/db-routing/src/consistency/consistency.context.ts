import { AsyncLocalStorage } from 'node:async_hooks';

interface ConsistencyState {
  primaryOnly: boolean;
}

const storage = new AsyncLocalStorage<ConsistencyState>();

/**
 * Runs `work` with every read on the primary. For reads whose answer is kept (a cache fill) or acted upon, where a
 * replica that is a moment behind would make an old value last.
 */
export function usePrimary<T>(work: () => Promise<T>): Promise<T> {
  return storage.run({ primaryOnly: true }, work);
}

/** Whether the code that is running now has asked for the primary. */
export function primaryOnly(): boolean {
  return storage.getStore()?.primaryOnly ?? false;
}
