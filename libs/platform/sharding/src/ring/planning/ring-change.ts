import { AppError } from '@fourfold/kernel';
import { z } from 'zod';
import { shardNameSchema } from '../../topology/shard-name.js';
import { SLOT_COUNT } from '../slot.js';

const weight = z.number().min(0.01).max(100);

const add = z.strictObject({ kind: z.literal('add'), shard: shardNameSchema, weight: weight.default(1) });
const remove = z.strictObject({ kind: z.literal('remove'), shard: shardNameSchema });
const reweigh = z.strictObject({ kind: z.literal('weight'), shard: shardNameSchema, weight });

/**
 * What an operator may ask of the ring.
 * - `add`: a new shard takes its share from all others.
 * - `remove`: a shard gives all it has to the others.
 * - `weight`: a shard shall hold another share, in proportion to the sum of all weights.
 * - `rebalance`: slots move until the shards hold rows in proportion to their weights; `rowsBySlot` has 16,384 counts.
 */
export const ringChangeSchema = z.discriminatedUnion('kind', [
  add,
  remove,
  reweigh,
  z.strictObject({
    kind: z.literal('rebalance'),
    rowsBySlot: z.array(z.number().min(0)).length(SLOT_COUNT),
  }),
]);

/** The same as it is asked for from outside: who plans a rebalance has the rows counted. */
export const planRequestSchema = z.discriminatedUnion('kind', [
  add,
  remove,
  reweigh,
  z.strictObject({ kind: z.literal('rebalance') }),
]);

export type PlanRequest = z.input<typeof planRequestSchema>;
export type RingChange = z.input<typeof ringChangeSchema>;

/** The change can't be made to this ring; nothing was moved. */
export class InvalidRingChangeError extends AppError {
  override readonly code = 'invalid-ring-change';
  override readonly status = 422;
  override readonly title = 'Invalid change of the ring';
}

/** @throws InvalidRingChangeError naming each fault. */
export function parseRingChange(input: unknown): z.output<typeof ringChangeSchema> {
  const parsed = ringChangeSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const list = errors.map(({ path, message }) => `${path || 'change'}: ${message}`).join('; ');
  throw new InvalidRingChangeError(`The change of the ring is not valid: ${list}`, { errors });
}
