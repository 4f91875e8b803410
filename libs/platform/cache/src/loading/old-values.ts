import type { CachedValue } from '../serializing/serializer.js';
import { valueMayBeOld } from './load.context.js';

/** Who has to know that a value which a read gives may be old. */
export interface OldValueListener {
  /** Whether the running request has a write to see: then it takes none that was loaded for another request. */
  mustSeeWrites(): boolean;
  /** The running request is given one. */
  gotOld(): void;
}

/** Who listens, and what the running request may be given. */
export class OldValues {
  private listener: OldValueListener | undefined;

  listen(listener: OldValueListener): void {
    this.listener = listener;
  }

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

/** What it inherits may be made anew each time that it is asked for. */
export function markedOld(cached: CachedValue): CachedValue {
  return Object.create(cached, { mayBeOld: { value: true } }) as CachedValue;
}
