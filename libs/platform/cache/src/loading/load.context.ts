import { AsyncLocalStorage } from 'node:async_hooks';

/** A load under way, as the code that it runs sees it. */
export interface Load {
  isOver: boolean;
  mayBeOld: boolean;
}

/** Of the load that the running code belongs to. */
export const currentLoad = new AsyncLocalStorage<Load>();

/**
 * To be called by a loader whose source may lack the last writes, such as a replica in place of a primary that can't
 * be reached. What it gives is handed to those who wait for it, and not stored.
 */
export function valueMayBeOld(): void {
  const load = currentLoad.getStore();
  if (load) load.mayBeOld = true;
}
