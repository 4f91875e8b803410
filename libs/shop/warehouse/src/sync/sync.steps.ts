/** What a sync does, in its order; the middle ones again and again. */
export const syncSteps = [
  'leased',
  'opened',
  'horizon-known',
  'batch-read',
  'batch-applied',
  'batch-committed',
  'source-complete',
  'day-written',
  'day-stored',
  'day-noted',
  'closed',
] as const;
export type SyncStep = (typeof syncSteps)[number];

/** Told of each step right after it. */
export type OnStep = (step: SyncStep) => Promise<void>;
