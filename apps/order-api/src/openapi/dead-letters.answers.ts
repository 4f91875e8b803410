import { deadLetterStatuses, deadReasons } from '@fourfold/queue';
import { idSchema } from '@shop/contracts';
import { z } from 'zod';

const count = z.int().min(0);

export const deadLetterSummary = z
  .object({
    id: idSchema,
    queue: z.string(),
    jobId: z.string(),
    messageId: z.string(),
    reason: z.enum(deadReasons),
    status: z.enum(deadLetterStatuses),
    error: z.string().describe('Of the last attempt'),
    attempts: count,
    stalls: count,
    autoRedrives: count,
    autoRedriveAt: z.iso.datetime().nullable().describe('null: an operator has to decide'),
    enqueuedAt: z.iso.datetime().nullable(),
    failedAt: z.iso.datetime(),
    recordedAt: z.iso.datetime(),
    resolvedBy: z.string().nullable(),
    resolvedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'DeadLetterSummary' });

export const deadLetter = deadLetterSummary.extend({
  payload: z.unknown(),
  errors: z.array(z.string()).describe('Of each failed attempt, oldest first'),
  history: z.array(deadLetterSummary).describe('Every death of the same message, oldest first'),
});

export const bulkRedrive = z.union([
  z.object({ dryRun: z.literal(true), matching: count, sample: z.array(deadLetterSummary) }),
  z.object({
    dryRun: z.literal(false),
    redriven: count,
    settled: count,
    refused: count,
    refusals: z.array(z.object({ id: idSchema, code: z.string(), detail: z.string() })),
    left: count.describe('Open letters that match and have not been looked at'),
    lastDueAt: z.iso.datetime().nullable(),
  }),
]);
