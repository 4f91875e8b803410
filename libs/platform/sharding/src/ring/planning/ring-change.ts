import { appError } from '@fourfold/kernel';
import { z } from 'zod';
import { SLOT_COUNT } from '../slot.js';
import { shardNameSchema } from '../topology.js';

const weight = z.number().min(0.01).max(100);

const rowsBySlot = z.array(z.number().min(0)).length(SLOT_COUNT);

/** Rows that a rebalance moves at most. Default: as many as it takes. */
export const maxRows = z.int('must be a whole number of rows').min(1, 'must be 1 row or more').optional();

const add = { kind: z.literal('add'), shard: shardNameSchema, weight: weight.default(1) };
const remove = { kind: z.literal('remove'), shard: shardNameSchema };
const reweigh = { kind: z.literal('weight'), shard: shardNameSchema, weight };
const rebalance = { kind: z.literal('rebalance') };

/**
 * What an operator may ask of the ring.
 * - `add`: a new shard takes its share from all others.
 * - `remove`: a shard gives all it has to the others.
 * - `weight`: a shard gets another share, in proportion to the sum of all weights.
 * - `rebalance`: slots move until the shards hold rows in proportion to their weights, or `maxRows` have moved.
 *
 * `rowsBySlot` has 16,384 counts. With it the report is of rows, and the fullest give or the emptiest get; without it
 * each slot counts the same.
 */
export const ringChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...add, rowsBySlot: rowsBySlot.optional() }),
  z.strictObject({ ...remove, rowsBySlot: rowsBySlot.optional() }),
  z.strictObject({ ...reweigh, rowsBySlot: rowsBySlot.optional() }),
  z.strictObject({ ...rebalance, rowsBySlot, maxRows }),
]);

const countRows = z.boolean().default(false);

/** A change as a caller asks for it: the planner counts the rows, for a rebalance in any case. */
export const planRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...add, countRows }),
  z.strictObject({ ...remove, countRows }),
  z.strictObject({ ...reweigh, countRows }),
  z.strictObject(rebalance),
]);

export type PlanRequest = z.input<typeof planRequestSchema>;
export type RingChange = z.input<typeof ringChangeSchema>;

/** The change can't be made to this ring; nothing was moved. */
export class InvalidRingChangeError extends appError(
  'invalid-ring-change',
  422,
  'Invalid change of the ring',
) {}

/** @throws InvalidRingChangeError naming each fault. */
export function parseRingChange(input: unknown): z.output<typeof ringChangeSchema> {
  const parsed = ringChangeSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const list = errors.map(({ path, message }) => `${path || 'change'}: ${message}`).join('; ');
  throw new InvalidRingChangeError(`The change of the ring is not valid: ${list}`, { errors });
}
