import { z } from 'zod';
import type { SlotMove } from '../ring/planning/ring-plan.js';
import { SLOT_COUNT } from '../ring/slot.js';
import { shardNameSchema } from '../ring/topology.js';

/** Slots side by side that are copied, compared and handed off together. */
const batchSchema = z.strictObject({
  from: z.int().min(0),
  to: z
    .int()
    .min(0)
    .max(SLOT_COUNT - 1),
  donor: shardNameSchema,
  receiver: shardNameSchema,
});

export type MoveBatch = z.output<typeof batchSchema>;

export const migrationPlanSchema = z.strictObject({
  batches: z.array(batchSchema),
  /** The shard's weight, of a migration that adds it. */
  weight: z.number().positive().optional(),
  /** The name of the file with its URL. */
  url: z.string().optional(),
});

export type MigrationPlan = z.output<typeof migrationPlanSchema>;

/** A batch is frozen while it is compared: so many rows are compared in a few hundredths of a second. */
const MOST_ROWS = 2_000;
/** And its fences are changed in one transaction. */
const MOST_SLOTS = 256;

/** @param rowsBySlot of all tables; a slot that is fuller than a batch may be is one by itself */
export function batchesOf(moves: readonly SlotMove[], rowsBySlot: readonly number[]): MoveBatch[] {
  const batches: MoveBatch[] = [];
  for (const move of moves) {
    let rows = Infinity;
    for (let slot = move.from; slot <= move.to; slot += 1) {
      const own = rowsBySlot[slot] ?? 0;
      const last = batches.at(-1);
      if (last && rows + own <= MOST_ROWS && slot - last.from < MOST_SLOTS) {
        last.to = slot;
        rows += own;
      } else {
        batches.push({ ...move, from: slot, to: slot });
        rows = own;
      }
    }
  }
  return batches;
}
