import { AsyncLocalStorage } from 'node:async_hooks';
import type { CachedValue } from '../serializing/serializer.js';

/** Who has to know that a value which a read gives may be old. */
export interface OldValueListener {
  /** Whether the running request has a write to see: then it takes none that was loaded for another request. */
  mustSeeWrites(): boolean;
  /** The running request is given one. */
  gotOld(): void;
}

/** Who listens, and what the running request may be given. */
export class OldValues {
  listener: OldValueListener | undefined;

  /** Whether the running request may have what was loaded for another one. */
  mayShare({ mayBeOld }: CachedValue): boolean {
    return mayBeOld !== true || this.listener?.mustSeeWrites() !== true;
  }

  /** Called for each caller, and in its asynchronous context; a caller may be the loader of something else. */
  given({ mayBeOld }: CachedValue): void {
    if (mayBeOld !== true) return;
    valueMayBeOld();
    this.listener?.gotOld();
  }
}

interface Load {
  mayBeOld: boolean;
}

const loads = new AsyncLocalStorage<Load>();

/**
 * To be called by a loader whose source may lack the last writes, such as a replica in place of a primary that can't
 * be reached. What it gives is handed to those who wait for it, and not stored.
 */
export function valueMayBeOld(): void {
  const load = loads.getStore();
  if (load) load.mayBeOld = true;
}

/** @returns what `work` gives, and whether it called `valueMayBeOld`, or read from the cache what may be old. */
export async function watchedForOld<T>(work: () => Promise<T>): Promise<{ loaded: T; mayBeOld: boolean }> {
  const load: Load = { mayBeOld: false };
  const loaded = await loads.run(load, work);
  return { loaded, mayBeOld: load.mayBeOld };
}
