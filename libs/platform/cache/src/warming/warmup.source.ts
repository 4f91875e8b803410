import type { WarmupEntries } from '../warm-up.js';

/**
 * Knows what will be asked for. Any provider of the application that extends it, in whatever module, is found by
 * `CacheWarmer`.
 */
export abstract class WarmupSource {
  /** In logs, metrics and reports; another one in the same application has another name. */
  abstract readonly name: string;

  /** Asked anew for each warm-up. What it throws ends this source and no other. */
  abstract entries(): WarmupEntries;
}
