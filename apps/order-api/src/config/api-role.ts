import { z } from 'zod';

/** Of what a process serves: everything, or one side of a gateway that divides requests by their method. */
export const apiRole = z.enum(['all', 'read', 'write']);
export type ApiRole = z.output<typeof apiRole>;

/**
 * What a process that only reads has of the primary: cache fills and other reads go there that no replica is new enough for.
 * Together they fit into its pool and the line before it, 8 and 16: what is more waits its turn in the cache.
 */
export const READER = {
  database: { readOnly: true, primaryConnections: 8, fallbackReads: 6 },
  cache: { maxLoads: 16 },
} as const;
