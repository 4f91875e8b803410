import { MIGRATION_KINDS, MIGRATION_STATES, WANTED } from '@fourfold/sharding';
import { idSchema } from '@shop/contracts';
import { z } from 'zod';
import { balance, planReport, slotMoves } from './shards.answers.js';

const count = z.int().min(0);
const share = z.number().min(0).max(1);
const kind = z.enum(MIGRATION_KINDS);
const shard = z.string().nullable().describe('That is added or removed');
const rowsTotal = count.describe('Of the slots that move, as they were counted for the plan');

export const migration = z
  .object({
    id: idSchema,
    kind,
    shard,
    state: z.enum(MIGRATION_STATES),
    wanted: z.enum(WANTED).describe('What was last asked of it'),
    progress: z
      .object({
        step: count.nullable().describe('From 1 on; null on the way back'),
        steps: count,
        done: count.describe('Parts of this step, most of them batches of slots'),
        of: count,
        etaMs: count.nullable().describe('Left of this step; null while no part of it is done'),
      })
      .nullable()
      .describe('Null once it is over'),
    batches: count.describe('Of slots that are handed off together'),
    handedOff: count.describe('Batches that the receivers own, or owned before it was taken back'),
    rowsTotal,
    rowsCopied: count.describe('More than the total where rows were written meanwhile, or copied anew'),
    mismatches: count.describe('Slots that differed when they were compared, and were copied anew'),
    longestFreezeMs: count.describe('For how long writes of one batch waited at most'),
    error: z.string().nullable().describe('The last fault; once it is over, why it was taken back'),
    createdAt: z.iso.datetime(),
    stateSince: z.iso.datetime(),
  })
  .meta({ id: 'ShardMigration' });

export const migrationDetail = migration.extend({
  logRows: count
    .nullable()
    .describe(
      'Captured writes that wait to be carried over; null while a shard that has them does not answer',
    ),
});

export const plannedMigration = z.object({
  dryRun: z.literal(true),
  kind,
  shard,
  rowsTotal,
  moves: slotMoves.describe('Batches, in the order in which they are moved'),
  report: planReport,
  leftOut: z
    .object({ rows: count, balanceAfter: balance.describe('Of the whole plan') })
    .optional()
    .describe('What a rebalance would move beyond its maxRows'),
  overfull: z
    .array(
      z.object({
        slot: count,
        shard: z.string(),
        rows: count,
        share: share.describe('Of all rows'),
        key: z
          .object({ key: z.string(), rows: count, share: share.describe('Of the rows of its slot') })
          .optional()
          .describe('That most of its rows are of'),
      }),
    )
    .describe('Slots with more rows than a shard should have: they are not split'),
});

export const begunMigration = migration.extend({ dryRun: z.literal(false) });
