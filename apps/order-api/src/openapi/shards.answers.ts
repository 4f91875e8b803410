import { z } from 'zod';

const count = z.int().min(0);
export const balance = z.number().min(1).nullable();

export const shards = z.object({
  epoch: count,
  hashId: z.string().describe('How keys become slots'),
  balance: balance.describe('Most rows of an active shard for its weight, over the fewest; 1 is even'),
  shards: z.array(
    z.object({
      shard: z.string(),
      state: z.enum(['active', 'draining']),
      weight: z.number(),
      slots: count.describe('Of 16,384'),
      rows: z.record(z.string(), count).nullable().describe('By table, estimated; null when unknown'),
      health: z
        .object({
          up: z.boolean(),
          breaker: z.enum(['closed', 'open', 'half-open']),
          latencyMs: count,
          reason: z.string().optional(),
        })
        .nullable()
        .describe('Null where the process that answers has no URL of the shard'),
    }),
  ),
  hotKeys: z
    .array(
      z.object({
        shard: z.string(),
        key: z.string(),
        share: z.number().min(0).max(1).describe('Of what the process that answers asked of the shard'),
        perSecond: z.number().min(0),
      }),
    )
    .describe('In the last whole minute; of each shard the hottest first'),
  rebalancePlan: z
    .object({
      plannedAt: z.iso.datetime(),
      fromEpoch: count.describe('Out of date where it is not the epoch of now'),
      slotsMoved: count,
      shareMoved: z.number().min(0).max(1),
      balanceBefore: balance,
      balanceAfter: balance,
    })
    .nullable()
    .describe('What the last plan of the last day that Alertmanager or an operator asked for comes to'),
});

export const rebalance = z.object({ status: z.enum(['started', 'running']) });

export const slotMoves = z.array(
  z.object({
    from: count.describe('First slot'),
    to: count.describe('Last slot'),
    donor: z.string(),
    receiver: z.string(),
  }),
);

export const planReport = z.object({
  slotsMoved: count,
  shareMoved: z.number().min(0).max(1),
  balanceBefore: balance,
  balanceAfter: balance,
  shards: z.array(
    z.object({
      shard: z.string(),
      weightBefore: z.number(),
      weightAfter: z.number(),
      slotsBefore: count,
      slotsAfter: count,
      rowsBefore: count.optional(),
      rowsAfter: count.optional(),
    }),
  ),
});

export const shardPlan = z.object({
  fromEpoch: count.describe('Of the topology that the plan starts from'),
  moves: slotMoves,
  report: planReport,
});
