/** What is known of one id that Redis was asked for and had no value of. */
export interface Situation {
  /**
   * `unreadable`: a value that can't be decoded, and is being removed. `lease`: this caller is to load. `busy`: another
   * caller is loading. `away`: Redis could not be read.
   */
  readonly found: 'unreadable' | 'lease' | 'busy' | 'away';
  /** There is a value past its TTL, in a namespace that serves it. */
  readonly hasOld: boolean;
  /** This process has a load under way that the caller may join. */
  readonly canJoin: boolean;
  /** This process has a load of the key under way. */
  readonly isLoading: boolean;
  /** The caller has waited for others as long as it may. */
  readonly waitedLong: boolean;
}

export type Step = 'serve old' | 'join' | 'wait' | 'load';

/** What to do for the id. To wait is to look again a moment later. */
export function nextStep({ found, hasOld, canJoin, isLoading, waitedLong }: Situation): Step {
  if (hasOld) return 'serve old';
  // Who has the lease loads: all others wait for it.
  if (found === 'lease') return 'load';
  if (canJoin) return 'join';
  // The next look at an unreadable value brings a lease.
  if ((found === 'busy' || found === 'unreadable') && !waitedLong) return 'wait';
  return isLoading ? 'wait' : 'load';
}
